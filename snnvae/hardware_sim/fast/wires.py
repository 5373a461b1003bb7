"""Wires: connections made ready for the engine, their weights as integers in its order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from snnvae.hardware_sim.fast import sums
from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.rounding import integers
from snnvae.hardware_sim.fast.sums import LANES, VECTOR_BYTES
from snnvae.primitive import Synapse
from snnvae.primitives import Linear
from snnvae.primitives.convolution import Axis, Convolution
from snnvae.program import Connection

FEW_OUTPUTS = 8
"""A group of a convolution with fewer output channels is stored synapse by synapse."""
MAX_EXPANDED = 1 << 22
"""Weights that a grouped convolution may have when it is written as one of a single group."""

_EVERY = 4
"""Of so many steps one is looked at to see how many neurons fire."""

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Synapses by target: where each target's begin, their sources (places in a row), their weights."""


@dataclass(frozen=True, eq=False)
class Wire(ABC):
    """Adds what spikes of a source give to the currents of a target."""

    connection: Connection
    source: Layout
    target: Layout
    unit: float
    dtype: type

    @abstractmethod
    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """spikes (B, H + T, n) uint8 from row `first` on; currents (B, T, m), in place."""

    @abstractmethod
    def rows(self, targets: np.ndarray) -> Rows:
        """The synapses of few targets, given in C order, with their exact weights."""

    @property
    def synapse(self) -> Synapse:
        """The synapse of the connection."""
        return self.connection.synapse

    def _complement_for(self, spikes: np.ndarray, first: int, steps: int) -> np.ndarray:
        """Weights for sums over the silent, where some of the steps show more spikes than silence.

        As `sums.add_linear` takes them: empty where they are of no use.
        """
        some = spikes[:, first : first + steps : _EVERY]
        worth = some.size and 2 * np.count_nonzero(some) > len(some) * some.shape[1] * self._used
        return self._complement if worth else self._complement[:0]

    def exact(self, spikes: np.ndarray, first: int, targets: np.ndarray, out: np.ndarray) -> None:
        """Add the exact currents of few targets: spikes (H + T, n), out (T, targets) float64."""
        begin, sources, weights = self.rows(targets)
        sums.exact_current(spikes, first, begin, sources, weights, targets, out)

    @property
    def _used(self) -> int:
        """Neurons of a source's row that are not padding."""
        return len(self.source.places)

    @cached_property
    def _complement(self) -> np.ndarray:
        """The negative weights, and in their last row the sum of the positive ones."""
        weights: np.ndarray = self.weights  # type: ignore[attr-defined]
        rest = -weights
        rest[..., -1, :] = weights.sum(axis=-2, dtype=weights.dtype)
        return rest


class LinearWire(Wire):
    """A full matrix."""

    @cached_property
    def weights(self) -> np.ndarray:
        """(strips, n + 1, lanes), padded; the last row is there for the complement."""
        weight = integers(_matrix(self.synapse), self.unit, self.dtype)
        lanes = sums.STRIP_BYTES // weight.itemsize
        columns = -(-self.target.size // lanes) * lanes
        full: np.ndarray = np.zeros((columns, self.source.size + 1), self.dtype)
        if _is_map(self.source) or _is_map(self.target):
            full[np.ix_(self.target.places, self.source.places)] = weight
        else:
            full[: weight.shape[0], : weight.shape[1]] = weight
        strips = full.reshape(-1, lanes, self.source.size + 1)
        return np.ascontiguousarray(strips.swapaxes(1, 2))

    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """Adds the currents by rows of the matrix."""
        complement = self._complement_for(spikes, first, currents.shape[1])
        sums.add_linear(spikes, first, self.weights, complement, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """Rows of the matrix."""
        weight = _matrix(self.synapse)[targets]
        begin = np.arange(len(targets) + 1) * weight.shape[1]
        return begin, np.tile(self.source.places, len(targets)), weight.reshape(-1)


class KernelWire(Wire):
    """A kernel that moves over a map.

    Along x, taps stand in the order in which a source reaches outputs that lie side by side, so
    that one row of weights serves a run of outputs. Where the target's channels fill vectors, a run
    at a border is a part of the row. Else (few channels) each kind of run has its own row, zero
    where it has no taps.
    """

    @cached_property
    def weights(self) -> np.ndarray:
        """(kinds of runs or 1, taps_y, C_in + 1, a row of taps), padded to whole vectors."""
        kernel = integers(_as_one_group(self._conv), self.unit, self.dtype)
        kernel = kernel.reshape(*kernel.shape[:2], *_two(kernel.shape[2:], 1))
        channels, c_in, taps_y, taps_x = kernel.shape
        lanes = self.target.lanes
        row: np.ndarray = np.zeros((taps_y, self.source.lanes + 1, taps_x, lanes), self.dtype)
        ordered = kernel[..., self._order].transpose(2, 1, 3, 0)
        row[:, :c_in, :, :channels] = ordered
        if not self._thin:
            return row.reshape(1, taps_y, self.source.lanes + 1, -1)
        width = -(-taps_x * lanes // LANES) * LANES
        kinds = np.zeros((len(self._kinds), *row.shape[:2], width), self.dtype)
        for kind, (slot, length) in zip(kinds, self._kinds, strict=True):
            part = row[:, :, slot : slot + length].reshape(*row.shape[:2], -1)
            kind[..., : part.shape[-1]] = part
        return kinds

    @property
    def _thin(self) -> bool:
        """Tells whether the target's channels do not fill a vector."""
        return self.target.lanes % LANES != 0

    @cached_property
    def _order(self) -> list[int]:
        """The taps along x, those that lead to outputs side by side one after another."""
        x = self._axes[1]
        if x.transposed:
            return list(range(x.kernel))
        return [
            j for rest in range(x.stride) for j in range(x.kernel)[::-1] if j % x.stride == rest
        ]

    @cached_property
    def _runs(self) -> list[list[tuple[int, int, int]]]:
        """The runs by input column: (first slot in a row of taps, first output column, length)."""
        x = self._axes[1]
        reached: list[list[tuple[int, int]]] = [[] for _ in range(x.n_in)]
        for slot, tap in enumerate(self._order):
            for source, target in zip(*x.taps(tap), strict=True):
                reached[source].append((int(target), slot))
        return [_merged(sorted(pairs)) for pairs in reached]

    @cached_property
    def _kinds(self) -> list[tuple[int, int]]:
        """The (first slot, length) of all runs, each once."""
        return sorted({(slot, length) for runs in self._runs for slot, _, length in runs})

    @property
    def _conv(self) -> Convolution:
        synapse = self.synapse
        assert isinstance(synapse, Convolution)
        return synapse

    @cached_property
    def _axes(self) -> tuple[Axis, Axis]:
        *first, x = self._conv.axes
        return (first[0] if first else Axis(1, 1, 1, 0, 1, 1)), x

    @cached_property
    def _taps(self) -> Any:
        """The table of what `sums.add_kernel` wants to know of the geometry."""
        y, x = self._axes
        item, lanes = np.dtype(self.dtype).itemsize, self.target.lanes
        kind_bytes = prod(self.weights.shape[1:]) * item
        table = []
        for runs in self._runs:
            for slot, to, length in runs:
                size = length * lanes * item
                offset = slot * lanes * item
                if self._thin:
                    offset = self._kinds.index((slot, length)) * kind_bytes
                    size = -(-size // VECTOR_BYTES) * VECTOR_BYTES
                table.append((to, offset, size))
        begin = np.cumsum([0, *map(len, self._runs)])
        columns = np.array(table, np.int64).reshape(-1, 3).T.copy()
        return _by_input(y), (begin, *columns), (x.n_in, x.n_out, lanes * item)

    @cached_property
    def _pairs(self) -> Any:
        return tuple(_by_output(axis) for axis in self._axes)

    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """Run by run."""
        complement = self._complement_for(spikes, first, currents.shape[1])
        sums.add_kernel(spikes, first, self.weights, complement, *self._taps, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """Returns the rows by the geometry, target by target."""
        conv, (y_axis, x_axis) = self._conv, self._axes
        weight = conv.weight.reshape(*conv.weight.shape[:2], *_two(conv.weight.shape[2:], 1))
        per_group, c_group = weight.shape[0] // conv.groups, weight.shape[1]
        y_pairs, x_pairs = self._pairs
        begin, sources, weights = [0], [], []
        for target in targets:
            channel, position = divmod(int(target), y_axis.n_out * x_axis.n_out)
            y_taps, y = y_pairs[position // x_axis.n_out]
            x_taps, x = x_pairs[position % x_axis.n_out]
            inputs = channel // per_group * c_group + np.arange(c_group)
            at = (y[:, None] * x_axis.n_in + x) * self.source.lanes
            sources.append((at[None] + inputs[:, None, None]).reshape(-1))
            weights.append(weight[channel][:, y_taps[:, None], x_taps].reshape(-1))
            begin.append(begin[-1] + len(sources[-1]))
        return np.array(begin), np.concatenate(sources), np.concatenate(weights)


class SparseWire(Wire):
    """Synapse by synapse, in compressed sparse columns."""

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        matrix = self.synapse.matrix().tocsc()
        counts = np.zeros(self.source.size, np.int64)
        counts[self.source.places] = np.diff(matrix.indptr)
        order = np.argsort(self.source.places, kind="stable")
        if (order[1:] < order[:-1]).any():  # a map: columns stand in another order in a row
            matrix = matrix[:, order]
        targets = self.target.places[matrix.indices].astype(np.int32)
        begin = np.concatenate([[0], np.cumsum(counts)])
        return begin, targets, integers(matrix.data, self.unit, self.dtype)

    @cached_property
    def _by_target(self) -> Any:
        return self.synapse.matrix().tocsr()

    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """Adds the currents by columns of the matrix."""
        sums.add_synapses(spikes, first, *self._columns, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """Rows of the matrix."""
        chosen = self._by_target[targets]
        return chosen.indptr, self.source.places[chosen.indices], chosen.data


def new_currents(batch: int, steps: int, size: int, dtype: type) -> np.ndarray:
    """Currents (B, T, size) of 0 for wires to add to."""
    flat: np.ndarray = np.zeros(batch * steps * size + sums.SLACK_LANES, dtype)
    return flat[: -sums.SLACK_LANES].reshape(batch, steps, size)


def wire(connection: Connection, source: Layout, target: Layout, unit: float, dtype: type) -> Wire:
    """The fastest wire for a connection."""
    made = (connection, source, target, unit, dtype)
    synapse = connection.synapse
    if isinstance(synapse, Linear) or _is_point(synapse):
        return LinearWire(*made)
    kernel = isinstance(synapse, Convolution) and _fits_kernel(synapse)
    # Where a Flatten lies between, a map's order is not the kernel's.
    if kernel and (synapse.in_shape, synapse.out_shape) == (source.shape, target.shape):
        return KernelWire(*made)
    return SparseWire(*made)


def _fits_kernel(conv: Convolution) -> bool:
    if conv.groups == 1:
        return True
    expanded = conv.weight.size * conv.groups
    return conv.weight.shape[0] // conv.groups >= FEW_OUTPUTS and expanded <= MAX_EXPANDED


def _is_point(synapse: Synapse) -> bool:
    """Tells whether it is a convolution from one position to one: a matrix."""
    if not isinstance(synapse, Convolution) or synapse.groups != 1:
        return False
    return Layout(synapse.in_shape).positions == Layout(synapse.out_shape).positions == 1


def _matrix(synapse: Synapse) -> np.ndarray:
    """Weights (n_out, n_in) of a full matrix."""
    if not isinstance(synapse, Convolution):
        return synapse.weight
    at: Any = (slice(None), slice(None))
    for axis in synapse.axes:
        joined = [j for j in range(axis.kernel) if len(axis.taps(j)[0])]
        if not joined:
            return np.zeros(synapse.weight.shape[:2])
        at = (*at, joined[0])
    matrix: np.ndarray = synapse.weight[at]
    return matrix


def _as_one_group(conv: Convolution) -> np.ndarray:
    """The kernel with zeros where its groups join nothing: (C_out, C_in, *kernel)."""
    if conv.groups == 1:
        return conv.weight
    c_out, c_group, *taps = conv.weight.shape
    full = np.zeros((conv.groups, c_out // conv.groups, conv.groups, c_group, *taps))
    for g in range(conv.groups):
        full[g, :, g] = conv.weight.reshape(conv.groups, -1, c_group, *taps)[g]
    return full.reshape(c_out, conv.groups * c_group, *taps)


def _is_map(layout: Layout) -> bool:
    return layout.positions > 1


def _two(sizes: Sequence[int], fill: int) -> tuple[int, int]:
    """Sizes of two spatial axes, the first of them `fill` where there is only one."""
    y, x = (fill, *sizes) if len(sizes) == 1 else sizes
    return y, x


def _merged(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(output, slot) in order → runs (slot, output, length) along which both count up."""
    runs: list[tuple[int, int, int]] = []
    for to, slot in pairs:
        if runs and (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]) == (slot, to):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((slot, to, 1))
    return runs


def _by_input(axis: Axis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(begin, tap, output position) of each input position."""
    pairs = [(x, j, y) for j in range(axis.kernel) for x, y in zip(*axis.taps(j), strict=True)]
    pairs.sort()
    table = np.array(pairs, np.int64).reshape(-1, 3)
    begin = np.searchsorted(table[:, 0], np.arange(axis.n_in + 1))
    return begin, table[:, 1].copy(), table[:, 2].copy()


def _by_output(axis: Axis) -> list[tuple[np.ndarray, np.ndarray]]:
    """(taps, input positions) of each output position."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(axis.n_out)]
    for j in range(axis.kernel):
        for x, y in zip(*axis.taps(j), strict=True):
            found[y].append((j, int(x)))
    tables = [np.array(pairs, np.int64).reshape(-1, 2) for pairs in found]
    return [(table[:, 0], table[:, 1]) for table in tables]
