"""ψ(v) = √p(v), p the visible marginal of a restricted Boltzmann machine, on the host.

    ln p(v) = b·v + Σ_j softplus(c_j + Σ_i v_i·W_ij) − ln Z

Ratios of amplitudes need no Z; the chip samples v, the host has the amplitudes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from snnvae.families.spins.hamiltonian import Bits, Hamiltonian, Numbers, signs, states


@dataclass(frozen=True)
class Machine:
    """A restricted Boltzmann machine of N visible and M hidden units: W (N, M), b (N), c (M)."""

    w: Numbers
    b: Numbers
    c: Numbers

    def log_p(self, v: Bits) -> Numbers:
        """ln p(v) + ln Z of states (…, N) → (…)."""
        return v @ self.b + _softplus(v @ self.w + self.c).sum(-1)

    def derivatives(self, v: Bits) -> tuple[Numbers, Numbers, Numbers]:
        """∂ln p(v) by W (S, N, M), b (S, N), c (S, M) of states (S, N), but for their means."""
        hidden = expit(v @ self.w + self.c)
        return v[:, :, None] * hidden[:, None, :], v.astype(np.float64), hidden

    def distribution(self) -> Numbers:
        """p of all 2ᴺ states, in the order of `states`."""
        log_p = self.log_p(states(len(self.b)))
        found: Numbers = np.exp(log_p - logsumexp(log_p))
        return found


def ratios(machine: Machine, v: Bits, flips: tuple[tuple[int, ...], ...]) -> Numbers:
    """ψ(v')/ψ(v) of states (S, N), for each set of flipped sites → (S, number of sets)."""
    current = v @ machine.w + machine.c
    here = _softplus(current).sum(-1)
    turn = 1.0 - 2.0 * v
    found = np.empty((len(v), len(flips)))
    for k, sites in enumerate(flips):
        change = turn[:, list(sites)]
        there = current + change @ machine.w[list(sites)]
        found[:, k] = change @ machine.b[list(sites)] + _softplus(there).sum(-1) - here
    ratio: Numbers = np.exp(0.5 * found)
    return ratio


def local_energies(h: Hamiltonian, v: Bits, ratio: Numbers) -> Numbers:
    """E_loc(v) = Σ_v' ⟨v|H|v'⟩·ψ(v')/ψ(v) of states (S, N); ratio (S, flips): of `ratios`."""
    spins = signs(v)
    total = h.diagonal(spins)
    for k, flip in enumerate(h.flips):
        total += flip.elements(spins) * ratio[:, k]
    return total


def _softplus(x: Numbers) -> Numbers:
    found: Numbers = np.logaddexp(0.0, x)
    return found
