"""Convolutions, transposed ones and pools: the kernel, and where each of its taps leads.

Along an axis the taps that reach an output from one input position are an arithmetic progression,
for a convolution and for a transposed one: a table per axis holds its first tap, its length and the
output of the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.weights import Stored
from snnvae.primitives.convolution import Axis, Convolution


@dataclass(frozen=True, eq=False)
class Taps:
    """Of each input position along an axis: (first tap, taps, output of the first), uint (n_in, 3);
    the next tap is `step` further, its output `stride` (which may be negative)."""

    rows: np.ndarray
    step: int
    stride: int

    @classmethod
    def of(cls, axis: Axis) -> Taps:
        """From the pairs that each tap joins."""
        found: list[list[tuple[int, int]]] = [[] for _ in range(axis.n_in)]
        for tap in range(axis.kernel):
            for x, y in zip(*axis.taps(tap), strict=True):
                found[int(x)].append((tap, int(y)))
        rows = [(*(of_x[0] if of_x else (0, 0)), len(of_x)) for of_x in found]
        several = next((of_x for of_x in found if len(of_x) > 1), [(0, 0), (1, 0)])
        (tap, y), (next_tap, next_y) = several[:2]
        table = np.array([(tap, count, y) for tap, y, count in rows], np.int64)
        return cls(table, next_tap - tap, next_y - y)


@dataclass(frozen=True, eq=False)
class Kernel(FanOut):
    """weight[channel][tap…][output channel of the group], shared by all positions.

    weight: the value that all have, if they have one. channels_last: whether the sums lie position
    by position, so that the channels that a tap reaches lie side by side; else in C order.
    """

    synapse: Convolution
    taps: tuple[Taps, ...]
    weight: int | None
    channels_last: bool = False

    @classmethod
    def of(cls, synapse: Convolution, weights: Stored, name: str) -> Kernel:
        """weights: those of the synapse; a kernel of one value needs no table."""
        same, taps = weights.same, tuple(Taps.of(axis) for axis in synapse.axes)
        tables = [
            Table(f"taps_{letter}_{name}", of_axis.rows, f"[{letter}]", "first tap, taps, output")
            for letter, of_axis in zip("yx"[-len(taps) :], taps, strict=True)
        ]
        if same is None:
            values, index = _by_source(weights.values, synapse.groups), "[channel][tap][o]"
            tables.insert(0, Table(f"weights_{name}", values, index, weights.told, signed=True))
        return cls(tuple(tables), weights.times, synapse.fan_out().reshape(-1), synapse, taps, same)

    @property
    def told(self) -> str:
        """The kernel."""
        size = "×".join(map(str, self.synapse.weight.shape[2:]))
        groups = "" if self.synapse.groups == 1 else f" in {self.synapse.groups} groups"
        return f"kernels of {size}{groups}"

    @property
    def letters(self) -> str:
        """A letter for each axis."""
        return "yx"[-len(self.taps) :]


def _by_source(weight: np.ndarray, groups: int) -> np.ndarray:
    """(C_out, C_in / groups, *kernel) → (C_in, *kernel, C_out / groups)."""
    c_out, inner, *kernel = weight.shape
    split = weight.reshape(groups, c_out // groups, inner, *kernel)
    return np.moveaxis(split, 1, -1).reshape(groups * inner, *kernel, c_out // groups)
