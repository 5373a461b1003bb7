"""A clock: neurons that fire one after another, to say whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from snnvae.draws.draw import Draw, HostWork, Spikes, whole

MOST_STEPS = 1 << 31
"""Of all turns together."""


@dataclass(frozen=True)
class Clock(Draw):
    """Neuron i of `count` fires at the steps 1 + i·pace to (i + 1)·pace, so none at step 0."""

    count: int
    pace: int = 1

    kind: ClassVar[str] = "clock"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, count)."""
        turn = (np.arange(steps) - 1) // self.pace
        fires = turn[:, None] == np.arange(self.count)
        return np.repeat(fires[None], len(samples), axis=0)

    def work(self, steps: int) -> HostWork:
        """Returns no work: nothing is drawn."""
        return HostWork(self.kind)

    def stated(self) -> dict[str, Any]:
        """Returns the steps of a turn, as metadata states them."""
        return {"pace": self.pace}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Clock:
        """Reads it as `Draw.read` does, with a turn for each neuron of the input."""
        pace = whole(stated.get("pace"))
        if pace * size > MOST_STEPS:
            raise ValueError(f"{size} turns of {pace} steps")
        return cls(port, size, pace)
