"""Weights as they lie in flash: 8 bits each where they are even, as Loihi's are, and halved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stored:
    """weights = times · values, which are of 8 bits if they can be."""

    values: np.ndarray
    times: int

    @property
    def told(self) -> str:
        """What they are, for a comment."""
        return "weights" if self.times == 1 else "weights, halved"

    @property
    def same(self) -> int | None:
        """The value that all have, if they have one."""
        first = self.values.flat[0] if self.values.size else 0
        return int(first) if (self.values == first).all() else None


def stored(weight: np.ndarray) -> Stored:
    """Integer weights, halved where all are even."""
    halves = not (weight % 2).any() and weight.size > 0
    return Stored(weight // 2, 2) if halves else Stored(weight, 1)
