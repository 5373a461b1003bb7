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

from snnvae.deploy.c.fan_out import Add, FanOut
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.text import indented, loop
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
    """weight[channel][tap…][output channel of the group], shared by all positions."""

    synapse: Convolution
    taps: tuple[Taps, ...]
    weight: int | None

    @classmethod
    def of(cls, synapse: Convolution, weights: Stored, name: str) -> Kernel:
        """weights: those of the synapse; a kernel of one value needs no table."""
        same, taps = weights.same, tuple(Taps.of(axis) for axis in synapse.axes)
        tables = [
            Table(f"taps_{letter}_{name}", of_axis.rows, f"[{letter}]: first tap, taps, output")
            for letter, of_axis in zip("yx"[-len(taps) :], taps, strict=True)
        ]
        if same is None:
            by_source = _by_source(weights.values, synapse.groups)
            comment = f"[channel][tap][output channel] of {name}"
            tables.insert(0, Table(f"weights_{name}", by_source, comment, signed=True))
        return cls(tuple(tables), weights.times, synapse.macs(), synapse, taps, same)

    @property
    def told(self) -> str:
        """The kernel."""
        size = " x ".join(map(str, self.synapse.weight.shape[2:]))
        groups = "" if self.synapse.groups == 1 else f" in {self.synapse.groups} groups"
        return f"kernels of {size}{groups}"

    def body(self, add: Add) -> Sequence[str]:
        """For each tap of each axis, a pass along the output channels."""
        synapse, letters = self.synapse, "yx"[-len(self.taps) :]
        n_in, n_out = synapse.in_shape[1:], synapse.out_shape[1:]
        place, positions = prod(n_in), prod(n_out)
        inner, outer = synapse.weight.shape[1], synapse.weight.shape[0] // synapse.groups
        kernel = synapse.weight.shape[2:]
        lines = [f"const uint32_t channel = source / {place}u;"]
        rest = list(n_in)
        for letter, table in zip(letters, self.tables[-len(letters) :], strict=True):
            size = rest.pop(0)
            at = f"source / {prod(rest)}u % {size}u" if rest else f"source % {size}u"
            lines.append(f"const {table.kind} *{letter} = &{table.name}[({at}) * 3u];")
        first = f"channel / {inner}u * {outer * positions}u"
        tap, target = "channel", first
        for letter, k, size in zip(letters, kernel, n_out, strict=True):
            tap = f"({tap}) * {k}u + k{letter}" if tap != "channel" else f"channel * {k}u + k{letter}"
        to = "out_x" if len(letters) == 1 else f"out_y * {n_out[1]}u + out_x"
        target = f"{first} + {to}" if synapse.groups > 1 else to
        if outer == 1:
            work = [add(target, self._weight(f"({tap})"))]
        else:
            step = "o" if positions == 1 else f"o * {positions}u"
            start = [f"const uint32_t target = {target};"]
            if self.weight is None:
                start.append(
                    f"const {self.tables[0].kind} *weight = "
                    f"&{self.tables[0].name}[({tap}) * {outer}u];"
                )
            value = "weight[o]" if self.weight is None else str(self.weight)
            work = [*start, *loop("o", outer, [add(f"target + {step}", value)])]
        work.insert(0, f"TRACE_OPERATIONS({outer}u);")
        if self.weight is not None:
            taps_named: tuple[str, ...] = ()
        else:
            taps_named = tuple(letters)
        for letter, taps in zip(reversed(letters), reversed(self.taps), strict=True):
            sign, far = ("-", -taps.stride) if taps.stride < 0 else ("+", taps.stride)
            named = [f"const uint32_t out_{letter} = {letter}[2] {sign} i{letter} * {far}u;"]
            if letter in taps_named:
                named.insert(0, f"const uint32_t k{letter} = {letter}[0] + i{letter} * {taps.step}u;")
            work = [
                f"for (uint32_t i{letter} = 0u; i{letter} < {letter}[1]; i{letter}++) {{",
                *indented([*named, *work]),
                "}",
            ]
        if self.weight is not None and synapse.groups == 1:
            lines = lines[1:]  # one kernel for all channels, all of which reach the same
        return [*lines, *work]

    def _weight(self, tap: str) -> str:
        return str(self.weight) if self.weight is not None else f"{self.tables[0].name}[{tap}]"


def _by_source(weight: np.ndarray, groups: int) -> np.ndarray:
    """(C_out, C_in / groups, *kernel) → (C_in, *kernel, C_out / groups)."""
    c_out, inner, *kernel = weight.shape
    split = weight.reshape(groups, c_out // groups, inner, *kernel)
    return np.moveaxis(split, 1, -1).reshape(groups * inner, *kernel, c_out // groups)
