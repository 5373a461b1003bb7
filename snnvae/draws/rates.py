"""Between two networks: spikes drawn anew, by the rates of those that came out of the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import HostStep, HostWork, Spikes
from snnvae.draws.random_numbers import POSTERIOR_SPIKES, uniforms


@dataclass(frozen=True)
class Rates(HostStep):
    """z[t] = r > U[t], r the mean of the spikes over all T steps."""

    kind: ClassVar[str] = "rates"

    def stream(self, spikes: NDArray[Any], samples: Sequence[int], seed: int) -> Spikes:
        """(B, T, N) → (B, T, N)."""
        return self.drawn(spikes.mean(axis=1), samples, spikes.shape[1], seed)

    def drawn(
        self, rate: NDArray[np.floating], samples: Sequence[int], steps: int, seed: int
    ) -> Spikes:
        """Rates (B, N) → (B, T, N)."""
        return bernoulli_spikes(rate, samples, steps, seed)

    def work(self, steps: int, size: int) -> HostWork:
        """A draw per neuron and step."""
        return HostWork(self.kind, draws=steps * size)


def bernoulli_spikes(
    rate: NDArray[np.floating], samples: Sequence[int], steps: int, seed: int
) -> Spikes:
    """z[b, t, l] = rate[b, l] > U, a fresh U per place and step. → (B, T, L)."""
    return rate[:, None, :] > uniforms(seed, samples, POSTERIOR_SPIKES, (steps, rate.shape[1]))
