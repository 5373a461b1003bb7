"""Wires: connections made ready for the engine, their weights as integers in its order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from snnvae.hardware_sim.fast import sums
from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.rounding import integers
from snnvae.hardware_sim.fast.rows import LANES
from snnvae.primitive import Synapse
from snnvae.primitives import Linear
from snnvae.primitives.convolution import Axis, Convolution
from snnvae.program import Connection

FEW_OUTPUTS = 8
"""A group of a convolution with fewer output channels is stored synapse by synapse."""
MAX_EXPANDED = 1 << 22
"""Weights that a grouped convolution may have when it is written as one of a single group."""

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
        """Of the connection."""
        return self.connection.synapse

    def exact(self, spikes: np.ndarray, first: int, targets: np.ndarray, out: np.ndarray) -> None:
        """Add the exact currents of few targets: spikes (H + T, n), out (T, targets) float64."""
        begin, sources, weights = self.rows(targets)
        sums.exact_current(spikes, first, begin, sources, weights, targets, out)


class LinearWire(Wire):
    """A full matrix."""

    @cached_property
    def weights(self) -> np.ndarray:
        """(strips, n, lanes), padded."""
        weight = integers(_matrix(self.synapse), self.unit, self.dtype)
        lanes = sums.STRIP_BYTES // weight.itemsize
        columns = -(-self.target.size // lanes) * lanes
        full: np.ndarray = np.zeros((columns, self.source.size), self.dtype)
        if _is_map(self.source) or _is_map(self.target):
            full[np.ix_(self.target.places, self.source.places)] = weight
        else:
            full[: weight.shape[0], : weight.shape[1]] = weight
        strips = full.reshape(-1, lanes, self.source.size)
        return np.ascontiguousarray(strips.swapaxes(1, 2))

    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """By rows of the matrix."""
        sums.add_linear(spikes, first, self.weights, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """Rows of the matrix."""
        weight = _matrix(self.synapse)[targets]
        begin = np.arange(len(targets) + 1) * weight.shape[1]
        return begin, np.tile(self.source.places, len(targets)), weight.reshape(-1)


class KernelWire(Wire):
    """A kernel that moves over a map."""

    @cached_property
    def weights(self) -> np.ndarray:
        """(taps_y, taps_x, C_in, C_out), padded; for few output channels (C_in, all taps)."""
        kernel = integers(_as_one_group(self._conv), self.unit, self.dtype)
        kernel = kernel.reshape(*kernel.shape[:2], *_two(kernel.shape[2:], 1))
        by_tap = kernel.transpose(2, 3, 1, 0)
        lanes = self.source.lanes
        if not self.thin:
            full = np.zeros((*by_tap.shape[:2], lanes, self.target.lanes), self.dtype)
            full[:, :, : by_tap.shape[2], : by_tap.shape[3]] = by_tap
            return full
        by_source = kernel.transpose(1, 2, 3, 0).reshape(kernel.shape[1], -1)
        full = np.zeros((lanes, -(-by_source.shape[1] // LANES) * LANES), self.dtype)
        full[: len(by_source), : by_source.shape[1]] = by_source
        return full

    @property
    def thin(self) -> bool:
        """Whether the target's channels do not fill a vector."""
        return self.target.lanes % LANES != 0

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
        y, x = self._axes
        return _by_input(y), _by_input(x), (x.n_in, x.n_out)

    @cached_property
    def _pairs(self) -> Any:
        return tuple(_by_output(axis) for axis in self._axes)

    def add(self, spikes: np.ndarray, first: int, currents: np.ndarray) -> None:
        """Tap by tap, or all taps at once where channels are few."""
        if self.thin:
            x = self._axes[1]
            sums.add_thin_kernel(
                spikes, first, self.weights, x.kernel, self.target.lanes, *self._taps, currents
            )
        else:
            sums.add_kernel(spikes, first, self.weights, *self._taps, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """By the geometry, target by target."""
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
        """By columns of the matrix."""
        sums.add_synapses(spikes, first, *self._columns, currents)

    def rows(self, targets: np.ndarray) -> Rows:
        """Rows of the matrix."""
        chosen = self._by_target[targets]
        return chosen.indptr, self.source.places[chosen.indices], chosen.data


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
    """Whether it is a convolution from one position to one: a matrix."""
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
