"""A trained model straight to its deployed form."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.evaluate.deployed import DeployedModel
from snnvae.evaluate.stages import CHUNK
from snnvae.families.images.config import Config
from snnvae.families.images.inference import reconstruct
from snnvae.train.build import build
from snnvae.train.family import Samples


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_more_images_than_a_chunk_come_back_in_order_and_whole(kind: str) -> None:
    config = Config(kind, image_size=4, widths=(4,), latent=3, k=2, steps=3)
    model = build(config).eval()
    images = np.random.default_rng(0).uniform(-1, 1, (CHUNK + 1, 1, 4, 4)).astype(np.float32)
    deployed = DeployedModel(model, "float").run(Samples({"image": images}))
    np.testing.assert_allclose(deployed.outputs, reconstruct(model, images, 0), atol=1e-12)
    for _, recording in deployed.parts.values():
        assert recording.info["samples"] == list(range(CHUNK + 1))
        assert all(len(spikes) == CHUNK + 1 for spikes in recording.spikes.values())


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_a_conditional_model_s_images_keep_their_classes(kind: str) -> None:
    config = Config(
        kind, image_size=4, widths=(4,), latent=3, k=2, steps=3, conditional=True, classes=10
    )
    model = build(config).eval()
    images = np.random.default_rng(0).uniform(-1, 1, (CHUNK + 1, 1, 4, 4)).astype(np.float32)
    label = np.arange(CHUNK + 1)[::-1] % 10
    deployed = DeployedModel(model, "float").run(Samples({"image": images}, label))
    expected = reconstruct(model, images, 0, label.tolist())
    np.testing.assert_allclose(deployed.outputs, expected, atol=1e-12)
    with pytest.raises(DataError, match="does not say the classes of its samples: add `classes` 7"):
        DeployedModel(model, "float").run(Samples({"image": images}))
