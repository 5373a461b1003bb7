"""How many sweeps of a chain are worth one independent state."""

from __future__ import annotations

import numpy as np

from snnvae.families.spins.hamiltonian import Numbers

WINDOW = 5.0
"""Lags are summed up to this many times the sum: beyond it there is noise alone (Sokal, 1997)."""


def integrated_time(values: Numbers) -> float:
    """τ_int = 1 + 2·Σ_k ρ(k) of chains (C, S): S sweeps hold S/τ_int independent values.

    ρ is the mean over all chains about their common mean, summed up to the first lag of at least
    WINDOW·τ_int; 1 where the values never change.
    """
    chains, length = values.shape
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 2 * length)
    products = np.fft.irfft(np.abs(spectrum) ** 2, 2 * length)[:, :length].sum(0)
    covariance = products / (chains * (length - np.arange(length)))
    if covariance[0] <= 0:
        return 1.0
    tau = 2 * np.cumsum(covariance / covariance[0]) - 1
    enough = np.arange(length) >= WINDOW * tau
    at = int(enough.argmax()) if enough.any() else length - 1
    return max(1.0, float(tau[at]))
