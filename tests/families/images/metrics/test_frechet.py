"""The Fréchet distance, beside its textbook form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from snnvae.families.images.metrics.frechet import frechet_distance

RNG = np.random.default_rng(0)


def textbook(a: np.ndarray, b: np.ndarray) -> float:
    of_a, of_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(of_a @ of_b).real
    difference = a.mean(0) - b.mean(0)
    return float(difference @ difference + np.trace(of_a + of_b - 2 * root))


def test_is_the_textbooks() -> None:
    a = RNG.normal(size=(400, 6)) @ RNG.normal(size=(6, 6))
    b = RNG.normal(size=(300, 6)) @ RNG.normal(size=(6, 6)) + 1
    assert frechet_distance(a, b) == pytest.approx(textbook(a, b), rel=1e-9)


def test_a_set_is_no_distance_from_itself_and_a_shift_counts_squared() -> None:
    a = RNG.normal(size=(200, 4))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 3) == pytest.approx(4 * 9)


def test_features_that_never_vary_are_no_trouble() -> None:
    a = np.concatenate([RNG.normal(size=(50, 2)), np.zeros((50, 2))], axis=1)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
