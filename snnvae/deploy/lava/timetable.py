"""At which hardware step Lava computes which sample and which logical step, in either mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Literal

import numpy as np

from snnvae.deploy.lava.trace import Kind
from snnvae.deploy.timing import schedule
from snnvae.program import Program

Mode = Literal["batched", "stock"]
Target = Literal["cpu", "loihi2"]
HOST_STEPS: Mapping[Target, int] = {"cpu": 0, "loihi2": 1}
"""Steps that currents of the host take: on a chip they pass a synapse."""


@dataclass(frozen=True)
class Timetable:
    """N samples of T steps.

    Stock: one sample after another without a gap; a layer at depth l computes sample n, logical
    step t (1-based) at hardware step ``n·T + l + t``; in all N·T + L steps. Batched: all samples at
    once, in T steps.
    """

    mode: Mode
    samples: int
    steps: int
    depths: Mapping[str, int]

    @classmethod
    def of(
        cls, program: Program, samples: int, steps: int, mode: Mode, target: Target = "cpu"
    ) -> Timetable:
        """The timetable of a program; UnsupportedError where stock processes cannot keep one."""
        if mode == "stock":
            return cls(mode, samples, steps, schedule(program, HOST_STEPS[target]).depths)
        return cls(mode, samples, steps, {layer.name: 0 for layer in program.layers})

    @property
    def latency(self) -> int:
        """L: hardware steps by which the deepest layer lags."""
        return max(self.depths.values(), default=0)

    @property
    def passes(self) -> int:
        """The number of times that T steps follow one another."""
        return self.samples if self.mode == "stock" else 1

    @property
    def total(self) -> int:
        """The number of all hardware steps."""
        return self.passes * self.steps + self.latency

    def interval(self, kind: Kind) -> int:
        """Hardware steps between two rows of a trace."""
        return self.steps if kind == "final" else 1

    def first(self, kind: Kind, layer: str) -> int:
        """Hardware step (1-based) of a trace's first row."""
        return self.depths[layer] + self.interval(kind)

    def rows(self, kind: Kind) -> int:
        """Number of rows of a trace."""
        return self.passes if kind == "final" else self.passes * self.steps

    def stream(self, values: np.ndarray, shift: int) -> np.ndarray:
        """A stimulus (N, T, *shape) as Lava's source takes it, time last, `shift` steps late.

        Stock: (neurons, total); batched: (N, neurons, total).
        """
        flat = values.reshape(*values.shape[:2], prod(values.shape[2:]))
        if self.mode == "batched":
            return np.moveaxis(flat, 1, -1)
        row = flat.reshape(self.samples * self.steps, -1).T
        return np.pad(row, ((0, 0), (shift, self.total - shift - row.shape[1])))

    def by_sample(self, kind: Kind, rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """A trace (rows, neurons), batched (N, rows, neurons), → (N, T, *shape).

        Of a final one (N, *shape).
        """
        if kind == "final":
            return rows.reshape(self.samples, *shape)
        return rows.reshape(self.samples, self.steps, *shape)


def shares_of(samples: int, shares: int) -> list[slice]:
    """The samples of a batch in so many shares, equal but for one; none is empty."""
    count = min(shares, samples)
    ends = [samples * n // count for n in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]
