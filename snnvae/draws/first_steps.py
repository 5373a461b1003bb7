"""Spikes at the first steps alone: a state that a network in a loop begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from snnvae.draws.draw import Draw, HostWork, Spikes, whole
from snnvae.draws.random_numbers import CHOICE, uniforms
from snnvae.draws.substream import own_substream, read_substream


@dataclass(frozen=True)
class FirstSteps(Draw):
    """Each of `size` neurons fires at each of the `first` steps with probability ½, later never.

    substream: the number of its random numbers' sub-stream, as of `OneHot`.
    """

    size: int
    first: int
    substream: int = CHOICE

    kind: ClassVar[str] = "first-steps"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, size)."""
        found = np.zeros((len(samples), steps, self.size), bool)
        shown = min(self.first, steps)
        found[:, :shown] = uniforms(seed, samples, self.substream, (shown, self.size)) < 0.5
        return found

    def work(self, steps: int) -> HostWork:
        """A draw per neuron and first step."""
        return HostWork(self.kind, draws=min(self.first, steps) * self.size)

    def stated(self) -> dict[str, Any]:
        """The number of first steps, and the sub-stream."""
        return {"first": self.first, **own_substream(self.substream)}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> FirstSteps:
        """Reads it as `Draw.read` does."""
        return cls(port, size, whole(stated.get("first")), read_substream(stated))
