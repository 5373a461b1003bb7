"""Images made by a trained model: those of the deployed network, sample by sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from snnvae.draws.one_hot import OneHot
from snnvae.draws.rates import bernoulli_spikes
from snnvae.errors import ConfigError
from snnvae.families.images import inference
from snnvae.families.images.family import FAMILY
from snnvae.families.images.inference import generate, reconstruct
from snnvae.families.images.vae import SpikingVAE
from snnvae.train.family import Samples
from snnvae.train.trace import trace


def test_images_are_in_range_and_differ(any_model: SpikingVAE) -> None:
    images = generate(any_model, 5, seed=1)
    assert images.shape == (5, 1, 8, 8)
    assert (np.abs(images) < 1).all()
    assert len({image.tobytes() for image in images}) == 5
    assert not np.array_equal(images, generate(any_model, 5, seed=2))


def test_sample_n_is_the_same_for_any_number_and_chunk(
    any_model: SpikingVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = generate(any_model, 7, seed=1)
    np.testing.assert_allclose(many[:3], generate(any_model, 3, seed=1), atol=1e-12)
    monkeypatch.setattr(inference, "CHUNK", 2)
    np.testing.assert_allclose(many, generate(any_model, 7, seed=1), atol=1e-12)


def test_generated_images_are_the_traced_networks(fsvae: SpikingVAE) -> None:
    config = fsvae.config
    choice = OneHot("choice", config.latent, config.k).stream(range(3), config.steps, 1, ())
    found = trace(fsvae.folded(), "generator", {"choice": choice})
    assert np.array_equal(generate(fsvae, 3, seed=1), np.tanh(found.readout))


def test_reconstruction_is_encoder_host_draw_decoder(
    esvae: SpikingVAE, images: Callable[..., torch.Tensor]
) -> None:
    x, folded, steps = images(3).numpy(), esvae.folded(), esvae.config.steps
    encoded = trace(folded, "encoder", {"image": np.repeat(x[:, None], steps, axis=1)})
    rate = encoded.spikes["encoder.latent.lif"].mean(1)
    z = bernoulli_spikes(rate, range(3), steps, seed=1)
    decoded = trace(folded, "decoder", {"z": z})
    assert np.array_equal(reconstruct(esvae, x, seed=1), np.tanh(decoded.readout))


def test_a_reconstruction_depends_on_its_own_image_and_place_only(
    any_model: SpikingVAE, images: Callable[..., torch.Tensor]
) -> None:
    x = images(4).numpy()
    whole = reconstruct(any_model, x, seed=1)
    np.testing.assert_allclose(whole[:2], reconstruct(any_model, x[:2], seed=1), atol=1e-12)


def test_mse_is_over_all_pixels(any_model: SpikingVAE, images: Callable[..., torch.Tensor]) -> None:
    x = images(4).numpy()
    expected = ((reconstruct(any_model, x, seed=1) - x) ** 2).mean()
    assert FAMILY.error_of(any_model, Samples({"image": x}), seed=1) == pytest.approx(expected)


def test_a_conditional_model_s_images_go_through_its_classes(conditional_model: SpikingVAE) -> None:
    in_turn = generate(conditional_model, 7, seed=1)
    said = generate(conditional_model, 7, seed=1, label=[0, 1, 2, 0, 1, 2, 0])
    assert np.array_equal(in_turn, said)
    all_2 = generate(conditional_model, 7, seed=1, label=[2] * 7)
    same = [np.array_equal(a, b) for a, b in zip(in_turn, all_2)]
    assert same == [n % 3 == 2 for n in range(7)]


def test_reconstructions_of_a_conditional_model_need_the_classes(
    conditional_model: SpikingVAE, images: Callable[..., torch.Tensor]
) -> None:
    x = images(4).numpy()
    for label in (None, [0, 1], [0, 1, 2, 3], [0, 1, 2, -1]):
        with pytest.raises(ConfigError, match="needs a class from 0 to 2 for each of 4 images"):
            reconstruct(conditional_model, x, 1, label)
    one, two = (reconstruct(conditional_model, x, 1, [0, 1, 2, c]) for c in (0, 1))
    assert np.array_equal(one[:3], two[:3])
    assert not np.array_equal(one[3], two[3])


def test_classes_are_nothing_to_other_models(
    any_model: SpikingVAE, images: Callable[..., torch.Tensor]
) -> None:
    x = images(3).numpy()
    assert np.array_equal(reconstruct(any_model, x, 1), reconstruct(any_model, x, 1, [7, 8, 9]))
