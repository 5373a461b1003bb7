"""How many sweeps of a chain are worth one independent state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from snnvae.families.spins.hamiltonian import Numbers

WINDOW = 5.0
"""Lags are summed up to this many times the sum: beyond it there is noise alone (Sokal, 1997)."""


class Time(NamedTuple):
    """sweeps: τ_int; settled: whether the chains are long enough to know it, else it is more."""

    sweeps: float
    settled: bool


def slowest_time(spins: Numbers) -> Time:
    """The longest τ_int of chains (C, S, N) of signs: of their magnetisation, of that with every
    second spin turned (an antiferromagnet's), and of the products of neighbours."""
    turned = np.where(np.arange(spins.shape[-1]) % 2, -1.0, 1.0)
    products = (spins * np.roll(spins, -1, -1)).mean(-1)
    each = (spins.mean(-1), (spins * turned).mean(-1), products)
    return max(integrated_time(values) for values in each)


def integrated_time(values: Numbers) -> Time:
    """τ_int = 1 + 2·Σ_k ρ(k) of chains (C, S): S sweeps hold S/τ_int independent values.

    ρ is the mean over all chains about their common mean, summed up to the first lag of at least
    WINDOW·τ_int; 1 where the values never change. It is settled where there is such a lag.
    """
    chains, length = values.shape
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 2 * length)
    products = np.fft.irfft(np.abs(spectrum) ** 2, 2 * length)[:, :length].sum(0)
    covariance = products / (chains * (length - np.arange(length)))
    if covariance[0] <= 0:
        return Time(1.0, True)
    tau = 2 * np.cumsum(covariance / covariance[0]) - 1
    enough = np.arange(length) >= WINDOW * tau
    at = int(enough.argmax()) if enough.any() else length - 1
    return Time(max(1.0, float(tau[at])), bool(enough.any()))
