"""Metrics of small networks: trained, deployed, and what is missing is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snnvae.errors import CheckpointError, ConfigError, SnnvaeError
from snnvae.evaluate.asked import Asked
from snnvae.evaluate.stages import CHUNK
from snnvae.families.images import evaluate
from snnvae.families.images.config import Config
from snnvae.families.images.inference import reconstruct
from snnvae.families.images.metrics.features import BATCH, features, load_features
from snnvae.families.images.metrics.metrics import Metrics
from snnvae.families.images.metrics.networks import DeployedNetwork, TrainedNetwork
from snnvae.families.images.vae import SpikingVAE
from snnvae.images import mse
from snnvae.train import checkpoint
from snnvae.train.build import build
from snnvae.train.to_nir import parts_for, to_nir

SMALL = {"image_size": 4, "widths": (4,), "latent": 3, "k": 2, "steps": 3}
IMAGES = np.random.default_rng(0).uniform(-1, 1, (CHUNK + 3, 1, 4, 4)).astype(np.float32)


def spiking(kind: str) -> SpikingVAE:
    model = build(Config(kind, **SMALL)).eval()
    assert isinstance(model, SpikingVAE)
    return model


@pytest.fixture(scope="module")
def feature_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "model.pt"
    return checkpoint.save(path, build(Config("autoencoder", image_size=4, widths=(4,), latent=6)))


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_deployed_figures_are_the_trained_networks(kind: str, feature_file: Path) -> None:
    model = spiking(kind)
    judge = Metrics(("mse", "fad", "prdc", "rates", "sops"), IMAGES, 50, feature_file)
    trained = judge(TrainedNetwork(model, 0))
    parts = (*parts_for(model, "autoencoder"), "generator")
    graphs = {part: to_nir(model, part) for part in parts}
    deployed = judge(DeployedNetwork(graphs, "float"))
    assert trained["mse"] == mse(IMAGES, reconstruct(model, IMAGES, 0))
    for name in ("mse", "fad", "fad_by_batch", "precision", "recall", "density", "coverage"):
        assert deployed[name] == pytest.approx(trained[name], rel=1e-5, abs=1e-6), name
    shared = set(trained["rates"]) & set(deployed["rates"])
    assert {"encoder.0.lif", "decoder.0.lif"} <= shared
    assert {n: deployed["rates"][n] for n in shared} == pytest.approx(
        {n: trained["rates"][n] for n in shared}
    )
    assert deployed["sops"] > 0
    assert trained["sops"] is None


def test_noise_is_on_what_the_network_sees_and_not_on_what_it_is_held_to(
    esvae: SpikingVAE,
) -> None:
    """Levels by hand; the encoder sees clip(x + σ·n), the same n for every network."""
    graphs = {part: to_nir(esvae, part) for part in parts_for(esvae, "autoencoder")}
    networks = {"norse": TrainedNetwork(esvae, 0), "float": DeployedNetwork(graphs, "float")}
    images = np.random.default_rng(1).uniform(-1, 1, (40, 1, 8, 8)).astype(np.float32)
    found = {name: Metrics(("noise",), images)(network) for name, network in networks.items()}
    normal = np.random.default_rng(0).standard_normal(images.shape, np.float32)
    for level in (0.1, 0.2, 0.4, 0.8):
        touched = np.clip(images + np.float32(level) * normal, -1, 1)
        expected = mse(images, reconstruct(esvae, touched, 0))
        assert found["norse"][f"noise_{level}"] == expected
        assert found["float"][f"noise_{level}"] == pytest.approx(expected, rel=1e-5)
    assert len({*found["norse"].values()}) == 4


def test_more_generated_images_than_memory_holds_are_refused_before_any_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice 8 bytes for each of 64 pixels; what needs no generated image is not held to it."""
    model = build(Config.default("esvae", "digits", widths=(4, 6), latent=5, steps=2)).eval()

    def work(*_: object) -> None:
        raise RuntimeError("at work")

    monkeypatch.setattr(evaluate, "memory", lambda: 1024 * 1000)
    monkeypatch.setattr(evaluate, "TrainedNetwork", work)
    for metrics in (("prdc",), ("mse", "fad"), ("rates",)):
        with pytest.raises(
            ConfigError, match=r"`generated` 1,001: so many images of 1×8×8 take 1.1 MB, and this"
        ):
            evaluate.evaluate(Asked(metrics=metrics, generated=1001), model, {})
    for metrics, generated in ((("prdc",), 1000), (("mse", "rates"), 1001), (("noise",), 1001)):
        with pytest.raises(RuntimeError, match="at work"):
            evaluate.evaluate(Asked(metrics=metrics, generated=generated), model, {})


def test_features_are_needed_and_must_fit(feature_file: Path, tmp_path: Path) -> None:
    network = TrainedNetwork(spiking("esvae"), 0)
    with pytest.raises(ConfigError, match="train it with `snnvae train-fad`"):
        Metrics(("fad",), IMAGES, 4)(network)
    with pytest.raises(CheckpointError, match=r"takes images of shape \(1, 4, 4\), these are"):
        load_features(feature_file, (1, 8, 8))
    other = checkpoint.save(tmp_path / "model.pt", spiking("esvae"))
    with pytest.raises(CheckpointError, match="is an esvae: give what `snnvae train-fad` wrote"):
        load_features(other, (1, 4, 4))


def test_features_do_not_depend_on_the_batch_unless_asked(feature_file: Path) -> None:
    net = load_features(feature_file, (1, 4, 4))
    images = np.random.default_rng(1).uniform(-1, 1, (2 * BATCH + 9, 1, 4, 4)).astype(np.float32)
    whole = features(net, images)
    np.testing.assert_allclose(features(net, images[:7]), whole[:7], atol=1e-6)
    by_batch = features(net, images, by_batch=True)
    assert by_batch.shape == (2 * BATCH, 6)
    assert not np.allclose(by_batch[:7], whole[:7], atol=1e-3)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    features(net, images, by_batch=True)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_missing_inception_is_said_in_a_line(tmp_path: Path) -> None:
    for name in ("is", "fid"):
        asked = Metrics((name,), IMAGES, 4, inception=tmp_path / "none.pth")
        with pytest.raises(SnnvaeError, match=r"pip install|no Inception weights at") as caught:
            asked(TrainedNetwork(spiking("esvae"), 0))
        assert "\n" not in str(caught.value)
