"""Spikes at rates of their own, the same for every sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw, HostWork, Spikes, numbers
from snnvae.draws.random_numbers import CHOICE, uniforms
from snnvae.draws.substream import own_substream, read_substream


@dataclass(frozen=True)
class Bernoulli(Draw):
    """Neuron n fires with probability rate[n] at each step: z[t] = rate > U[t].

    rate (N,) in [0, 1]. substream: the number of its random numbers' sub-stream, as of `OneHot`.
    """

    rate: NDArray[Any] = field(repr=False)
    substream: int = CHOICE

    kind: ClassVar[str] = "bernoulli"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, N)."""
        rate = np.asarray(self.rate, np.float64)
        return rate > uniforms(seed, samples, self.substream, (steps, len(rate)))

    def work(self, steps: int) -> HostWork:
        """A draw per neuron and step."""
        return HostWork(self.kind, draws=steps * len(self.rate))

    def stated(self) -> dict[str, Any]:
        """The rates, and the sub-stream."""
        return {"rate": self.rate, **own_substream(self.substream)}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Bernoulli:
        """Reads it as `Draw.read` does."""
        rate = numbers(stated.get("rate"), size)
        if ((rate < 0) | (rate > 1)).any():
            raise ValueError("rates beyond 0 to 1")
        return cls(port, rate, read_substream(stated))
