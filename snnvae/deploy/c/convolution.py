"""Convolutions, transposed ones and pools: the kernel, and where each of its taps leads.

Along an axis the taps that reach an output from one input position are an arithmetic progression,
for a convolution and for a transposed one: a table per axis holds its first tap, its length and the
output of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from snnvae.deploy.c.fan_out import FanOut, Row, Sums
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.text import INDENT, indented, plus, scaled
from snnvae.deploy.c.weights import Stored
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

    def body(self, sums: Sums) -> Sequence[str]:
        """For each tap of each axis, a pass along the output channels o."""
        inner, *outer = zip(reversed(self.letters), reversed(self.taps), strict=True)
        work = self._row(sums, *inner)
        for letter, taps in outer:
            work = [
                f"for (uint32_t i{letter} = 0u; i{letter} < {letter}[COUNT]; i{letter}++) {{",
                f"{INDENT}const uint32_t row = {_output(letter, taps)};",
                *indented(work),
                "}",
            ]
        return [*self._place(), *work]

    @property
    def letters(self) -> str:
        """A letter for each axis."""
        return "yx"[-len(self.taps) :]

    def _place(self) -> list[str]:
        """Where the source stands: its channel, where that matters, and its taps."""
        synapse = self.synapse
        sizes, lines = list(synapse.in_shape[1:]), []
        if self.weight is None or synapse.groups > 1:
            lines.append(f"const uint32_t channel = source / {prod(sizes)}u;")
        for letter, table in zip(self.letters, self.tables[-len(self.letters) :], strict=True):
            size, rest = sizes.pop(0), prod(sizes)
            at = f"source / {rest}u % {size}u" if rest > 1 else f"source % {size}u"
            lines.append(f"const {table.kind} *{letter} = &{table.name}[({at}) * 3u];")
        return lines

    def _row(self, sums: Sums, letter: str, taps: Taps) -> list[str]:
        """The taps of a row: the place of the weights and of the target move on with each."""
        synapse, positions = self.synapse, prod(self.synapse.out_shape[1:])
        outer, inner = synapse.weight.shape[0] // synapse.groups, synapse.weight.shape[1]
        target = f"{letter}[OUTPUT]"
        if len(self.letters) == 2:
            target = f"row * {synapse.out_shape[2]}u + {target}"
        # How far apart two channels lie, and two positions.
        across, along = (1, synapse.out_shape[0]) if self.channels_last else (positions, 1)
        if along > 1:
            target = f"(uint32_t)({target}) * {along}u"  # int may have 16 bits
        if synapse.groups > 1:
            target = f"channel / {inner}u * {outer * across}u + {target}"
        lines, moves = [], []
        if self.weight is None:
            lines.append(f"uint32_t at = {self._first_weight(outer)};")
            moves.append(f"at += {taps.step * outer}u;")
        lines.append(f"uint32_t target = {target};")
        moves.append(f"target {'-' if taps.stride < 0 else '+'}= {abs(taps.stride) * along}u;")
        weights = self.weight if self.weight is not None else Row(self.tables[0], "at")
        body = sums.row(outer, "target", across, weights)
        count = f"i{letter}"
        return [
            *lines,
            f"TRACE_OPERATIONS({scaled(f'(uint32_t){letter}[COUNT]', outer)});",
            f"for (uint32_t {count} = 0u; {count} < {letter}[COUNT]; {count}++) {{",
            *indented([*body, *moves]),
            "}",
        ]

    def _first_weight(self, outer: int) -> str:
        """The place of the weight of the first tap of a row, for the first output channel."""
        place = "channel"
        for letter, taps, size in zip(
            self.letters, self.taps, self.synapse.weight.shape[2:], strict=True
        ):
            tap = f"{letter}[TAP]"
            if letter == "y":
                tap = plus(tap, scaled("iy", taps.step))
            place = f"{place if place == 'channel' else f'({place})'} * {size}u + {tap}"
        return place if outer == 1 else f"({place}) * {outer}u"


def _output(letter: str, taps: Taps) -> str:
    """The output position of the tap that a loop is at."""
    far = scaled(f"i{letter}", abs(taps.stride))
    return plus(f"{letter}[OUTPUT]", f"-{far}" if taps.stride < 0 else far)


def _by_source(weight: np.ndarray, groups: int) -> np.ndarray:
    """(C_out, C_in / groups, *kernel) → (C_in, *kernel, C_out / groups)."""
    c_out, inner, *kernel = weight.shape
    split = weight.reshape(groups, c_out // groups, inner, *kernel)
    return np.moveaxis(split, 1, -1).reshape(groups * inner, *kernel, c_out // groups)
