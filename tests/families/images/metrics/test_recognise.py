"""Whether generated images show their class, and what says so."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.errors import ConfigError
from snnvae.families.images import data
from snnvae.families.images.config import Config
from snnvae.families.images.data import Images
from snnvae.families.images.metrics import recogniser as recognise
from snnvae.families.images.metrics.metrics import Metrics
from snnvae.families.images.metrics.networks import DeployedNetwork, GeneratedImages, TrainedNetwork
from snnvae.families.images.metrics.recogniser import Recogniser
from snnvae.families.images.vae import SpikingVAE
from snnvae.train.build import build
from snnvae.train.to_nir import parts_for, to_nir

DIGITS = data.load("digits")
RECOGNISER = Recogniser(DIGITS.train, DIGITS.train_labels)


class Perfect:
    """A network whose samples are real held-out digits of the class that is asked for."""

    classes = 10

    def generate(self, count: int) -> GeneratedImages:
        of_class = [np.flatnonzero(DIGITS.test_labels == n % 10)[n // 10] for n in range(count)]
        return GeneratedImages(DIGITS.test[of_class], {}, None)

    def reconstruct(self, images: np.ndarray, label: np.ndarray | None = None) -> GeneratedImages:
        return GeneratedImages(images, {}, None)


def judge(network: object) -> dict[str, object]:
    given = (("recognised",), DIGITS.test[:], 200, None, None, RECOGNISER, DIGITS.test_labels)
    return Metrics(*given)(network)


def test_real_digits_are_recognised_and_the_classifier_says_how_well() -> None:
    found = judge(Perfect())
    assert found["recogniser_accuracy"] > 0.97
    assert found["recognised"] > 0.97
    by_class = found["recognised_by_class"]
    assert list(by_class) == [str(c) for c in range(10)]
    assert np.mean(list(by_class.values())) == pytest.approx(found["recognised"])


def test_digits_of_another_class_are_not() -> None:
    wrong = RECOGNISER.recognised(DIGITS.test[:], (DIGITS.test_labels + 1) % 10)
    assert wrong.mean() < 0.03


def test_a_classifier_that_cannot_tell_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learned from shuffled labels it is right as often as chance; the subset is a fixed one."""
    monkeypatch.setattr(recognise, "TRAINING", 300)
    shuffled = np.random.default_rng(0).permutation(DIGITS.train_labels)
    made = [Recogniser(DIGITS.train, shuffled) for _ in range(2)]
    right = [r.recognised(DIGITS.test[:], DIGITS.test_labels) for r in made]
    assert right[0].mean() < 0.3
    np.testing.assert_array_equal(*right)


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_trained_and_deployed_networks_are_judged_alike(kind: str) -> None:
    small = {"widths": (4,), "latent": 3, "k": 2, "steps": 3, "conditional": True, "classes": 10}
    model = build(Config(kind, **small)).eval()
    assert isinstance(model, SpikingVAE)
    parts = (*parts_for(model, "autoencoder"), "generator")
    graphs = {part: to_nir(model, part) for part in parts}
    made = {"norse": TrainedNetwork(model, 0), "float": DeployedNetwork(graphs, "float")}
    assert {network.classes for network in made.values()} == {10}
    norse, deployed = (judge(network) for network in made.values())
    assert norse == deployed
    images, label = DIGITS.test[:70], DIGITS.test_labels[:70]
    copies = [network.reconstruct(images, label).images for network in made.values()]
    np.testing.assert_allclose(*copies, atol=1e-12)


def test_samples_without_a_class_cannot_be_recognised() -> None:
    plain = build(Config("esvae", widths=(4,), latent=3, steps=3)).eval()
    with pytest.raises(ConfigError, match="recognised is for conditional models"):
        judge(TrainedNetwork(plain, 0))
    with pytest.raises(ConfigError, match="needs a recogniser"):
        Metrics(("recognised",), DIGITS.test[:], 20)(Perfect())


def test_few_images_are_all_learned_from() -> None:
    two = Images(np.array([[[[0]]], [[[255]]]], np.uint8))
    black_white = Recogniser(two, np.array([0, 1]))
    assert black_white.recognised(np.array([[[[0.9]]], [[[-0.9]]]]), [1, 0]).all()


def test_of_large_images_it_sees_the_principal_components() -> None:
    """Digits of twice the size tell as much: 64 of 256 numbers are enough."""
    train, test = (np.kron(images[:], np.ones((2, 2))) for images in (DIGITS.train, DIGITS.test))
    large = Recogniser(train, DIGITS.train_labels)
    assert large.classifier[0].n_components_ == recognise.COMPONENTS
    assert len(RECOGNISER.classifier) == 1
    assert large.recognised(test, DIGITS.test_labels).mean() > 0.97
