"""The whole examination of a small model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnvae.errors import ConfigError
from snnvae.families.images.config import Config
from snnvae.families.images.data import Split, load
from snnvae.families.images.diagnosis.diagnose import diagnose, labels_of, loss_of
from snnvae.families.images.diagnosis.gaps import Errors
from snnvae.families.images.family import as_data
from snnvae.train.build import build

SMALL: dict[str, Any] = {"samples": 20, "draws": 2, "iterations": 2, "aggregate": 60}


def test_parts_add_up_to_the_loss_of_the_chosen_images() -> None:
    encoder, rates, pattern = np.array([[4.0, 6.0, 9.0], [3.0, 3.0, 9.0], [1.0, 2.0, 9.0]])
    loss = loss_of(Errors(encoder, rates, pattern, encoder / 10), np.array([True, True, False]))
    assert loss.images == 2
    assert loss.total == 5.0
    assert [part.loss for part in loss.parts.values()] == [2.0, 1.5, 1.5]
    assert sum(part.share for part in loss.parts.values()) == pytest.approx(1)
    assert loss.encoder.error == pytest.approx(np.std([1, 3], ddof=1) / np.sqrt(2))
    assert loss.spread == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_the_same_seed_gives_the_same_diagnosis(kind: str, digits: Any) -> None:
    split = as_data(load("digits"))
    found = diagnose(digits(kind), split, **SMALL)
    assert found == diagnose(digits(kind), split, **SMALL)
    assert found.loss != diagnose(digits(kind), split, **SMALL, seed=1).loss
    assert found.loss.images == 20
    assert sum(c.loss.images for c in found.classes) == 20
    assert found.prior.samples == 60
    weighted = sum(c.loss.images * c.loss.total for c in found.classes) / 20
    assert weighted == pytest.approx(found.loss.total)
    assert all(0 <= c.prior_share <= 1 for c in found.classes)


def test_no_more_images_than_there_are(digits: Any) -> None:
    split = load("digits")
    few = Split(
        replace(split.train, pixels=split.train.pixels[:30]),
        replace(split.test, pixels=split.test.pixels[:4]),
        np.zeros(30, np.int64),
        np.zeros(4, np.int64),
    )
    assert labels_of(as_data(few), np.arange(30), np.arange(4)) is None
    found = diagnose(digits("esvae"), as_data(few), **SMALL)
    assert (found.loss.images, found.prior.samples, found.classes) == (4, 30, ())
    assert found.class_accuracy is None


def test_conditional_models_are_refused() -> None:
    config = Config("esvae", widths=(4,), latent=3, steps=2, conditional=True, classes=10)
    with pytest.raises(ConfigError, match="is conditional, and its loss cannot be taken apart"):
        diagnose(build(config).eval(), as_data(load("digits")), **SMALL)


def test_images_must_fit_the_model(digits: Any) -> None:
    with pytest.raises(ConfigError, match=r"takes images \(1, 8, 8\), the data set has \(1, 16"):
        diagnose(digits("esvae"), as_data(load("digits", image_size=16)), **SMALL)
