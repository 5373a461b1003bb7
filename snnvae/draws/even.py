"""Spikes of given rates, spread evenly over the steps.

For each sample and neuron T numbers U_j = (j + u)/T, j = 0 … T − 1, u uniform on [0, 1), in a
random order: z[t] = r > U. Each U is uniform, so that each step fires with probability r as with
independent draws; but the number of spikes is ⌊T·r⌋ or ⌈T·r⌉, of variance at most 1/4 in place of
T·r·(1 − r), and T·r itself where that is whole. (Systematic sampling: Madow & Madow, Ann. Math.
Stat. 15, 1944.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import HostWork, Spikes
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.random_numbers import POSTERIOR_SPIKES, PRIOR_SPIKES, uniforms
from snnvae.draws.rates import Rates


def even_spikes(
    rate: NDArray[np.floating], samples: Sequence[int], steps: int, seed: int, purpose: int
) -> Spikes:
    """Rates (B, N) → spikes (B, T, N)."""
    drawn = uniforms(seed, samples, purpose, (steps + 1, rate.shape[1]))
    order = np.argsort(drawn[:, 1:], axis=1, kind="stable")
    # Of the rate and not of U: T·r is as exact as r, and whole where r is k/T.
    spikes: Spikes = (steps * rate)[:, None] > order + drawn[:, :1]
    return spikes


def even_work(kind: str, work: HostWork, size: int) -> HostWork:
    """A number more for each of N = size neurons than for independent draws."""
    return HostWork(kind, work.draws + size, work.macs, work.sigmoids)


@dataclass(frozen=True)
class EvenRates(Rates):
    """Rates as `Rates` has them, each of k/T: k spikes in a random order."""

    kind: ClassVar[str] = "even-rates"

    def drawn(
        self, rate: NDArray[np.floating], samples: Sequence[int], steps: int, seed: int
    ) -> Spikes:
        """(B, N) → (B, T, N)."""
        return even_spikes(rate, samples, steps, seed, POSTERIOR_SPIKES)

    def work(self, steps: int, size: int) -> HostWork:
        """As of `Rates`, and a number for each neuron."""
        return even_work(self.kind, super().work(steps, size), size)


@dataclass(frozen=True)
class EvenGaussSigmoid(GaussSigmoid):
    """Rates as `GaussSigmoid` has them."""

    kind: ClassVar[str] = "even-gauss-sigmoid"

    def drawn(
        self, rate: NDArray[np.float64], samples: Sequence[int], steps: int, seed: int
    ) -> Spikes:
        """(B, L) → (B, T, L)."""
        return even_spikes(rate, samples, steps, seed, PRIOR_SPIKES)

    def work(self, steps: int) -> HostWork:
        """As of `GaussSigmoid`, and a number for each neuron."""
        return even_work(self.kind, super().work(steps), len(self.weight))
