"""Autocorrelation times of chains whose own is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from snnvae.families.spins.autocorrelation import integrated_time


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_an_autoregression_of_first_order_has_its_known_time(rho: float) -> None:
    """τ_int = (1 + ρ)/(1 − ρ)."""
    noise = np.random.default_rng(0).normal(size=(100, 4200))
    values = lfilter([1.0], [1.0, -rho], noise, axis=1)[:, 200:]
    assert integrated_time(values) == pytest.approx((1 + rho) / (1 - rho), rel=0.05)


def test_values_that_never_change_are_one_value() -> None:
    assert integrated_time(np.ones((3, 50))) == 1.0
