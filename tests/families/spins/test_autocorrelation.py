"""Autocorrelation times of chains whose own is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from snnvae.families.spins.autocorrelation import integrated_time, slowest_time


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_an_autoregression_of_first_order_has_its_known_time(rho: float) -> None:
    """τ_int = (1 + ρ)/(1 − ρ)."""
    noise = np.random.default_rng(0).normal(size=(100, 4200))
    values = lfilter([1.0], [1.0, -rho], noise, axis=1)[:, 200:]
    found = integrated_time(values)
    assert found.sweeps == pytest.approx((1 + rho) / (1 - rho), rel=0.05)
    assert found.settled


def test_chains_that_are_too_short_say_so() -> None:
    noise = np.random.default_rng(0).normal(size=(64, 400))
    values = lfilter([1.0], [1.0, -0.956], noise, axis=1)[:, 200:]  # τ = 44
    assert not integrated_time(values[:, :15]).settled
    assert not integrated_time(values[:, :2]).settled


def test_the_slowest_of_several_orders_counts() -> None:
    """Turning every second spin of all states makes an antiferromagnet of a ferromagnet: it is as
    slow."""
    rng = np.random.default_rng(0)
    slow = np.sign(lfilter([1.0], [1.0, -0.95], rng.normal(size=(50, 900)), axis=1))[..., None]
    spins = slow * np.where(rng.random((50, 900, 6)) < 0.05, -1.0, 1.0)
    turned = spins * np.array([1, -1, 1, -1, 1, -1])
    assert slowest_time(turned) == slowest_time(spins)
    assert integrated_time(turned.mean(-1)).sweeps < 2 < slowest_time(turned).sweeps


def test_values_that_never_change_are_one_value() -> None:
    assert integrated_time(np.ones((3, 50))).sweeps == 1.0
