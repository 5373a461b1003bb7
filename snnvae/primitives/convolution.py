"""What convolution and transposed convolution share: everything but which side is strided.

Along each axis a kernel tap j joins input position x and output position y where
convolution: ``x = y·s − p + d·j``; transposed: ``y = x·s − p + d·j``. Everything else
(sums, sparse matrix, fan-out) follows from these pairs, per axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from snnvae.errors import GraphError
from snnvae.primitive import MAX_VALUES, Shape, Synapse
from snnvae.primitives.sparse import Sparse

FEW_SYNAPSES = 1 << 16
"""Of which it is kept what they join: a training may compile the same network anew at each step."""


@dataclass(frozen=True)
class Axis:
    """One spatial axis: sizes, stride, padding before the first position, dilation, kernel size."""

    n_in: int
    n_out: int
    stride: int
    padding: int
    dilation: int
    kernel: int
    transposed: bool = False

    def taps(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        """(x, y): the input and output positions that tap j joins."""
        coarse = np.arange(self.n_in if self.transposed else self.n_out)
        fine = coarse * self.stride - self.padding + self.dilation * j
        valid = (fine >= 0) & (fine < (self.n_out if self.transposed else self.n_in))
        pair = coarse[valid], fine[valid]
        return pair if self.transposed else pair[::-1]

    def reach(self) -> np.ndarray:
        """a(x): the number of taps that read input position x, int64 (n_in,)."""
        counts = np.zeros(self.n_in, np.int64)
        for j in range(self.kernel):
            counts += np.bincount(self.taps(j)[0], minlength=self.n_in)
        return counts


@dataclass(frozen=True, eq=False)
class Convolution(Synapse):
    """Synapses with a shared kernel, over one or two spatial axes.

    weight: (C_out, C_in/groups, *kernel). padding is what stands before the first position.
    """

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    transposed: ClassVar[bool] = False

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Geometry along each spatial axis."""
        sizes = (self.in_shape[1:], self.out_shape[1:], self.weight.shape[2:])
        steps = (self.stride, self.padding, self.dilation)
        return tuple(
            Axis(n_in, n_out, stride, padding, dilation, kernel, self.transposed)
            for n_in, n_out, kernel, stride, padding, dilation in zip(*sizes, *steps, strict=True)
        )

    def apply(self, x: np.ndarray) -> np.ndarray:
        """(B, C_in, *space) → (B, C_out, *space'), summed tap by tap."""
        batch, per_group = len(x), self.weight.shape[0] // self.groups
        split = x.reshape(batch, self.groups, -1, *self.in_shape[1:])
        kernels = self.weight.reshape(self.groups, per_group, *self.weight.shape[1:])
        shape = (batch, self.groups, per_group, *self.out_shape[1:])
        out = np.zeros(shape, np.result_type(x, self.weight))
        for tap, source, target in _taps(self.weight.shape[2:], self.axes):
            frm: Any = (..., *source)
            to: Any = (..., *target)
            at: Any = (..., *tap)
            out[to] += np.einsum("bgi...,goi->bgo...", split[frm], kernels[at], optimize=True)
        return out.reshape(batch, *self.out_shape)

    def matrix(self) -> sp.csr_array:
        """(n_out, n_in), one entry per synapse of non-zero weight."""
        return self.pattern(keep_zeros=False)

    def pattern(self, *, keep_zeros: bool = True) -> sp.csr_array:
        """Returns `matrix`, with an entry for synapses of weight 0 too where `keep_zeros`."""
        few = prod(self.out_shape) * prod(self.weight.shape[1:]) <= FEW_SYNAPSES
        found = _known_synapses if few else _synapses
        rows, columns, places = found(
            self.weight.shape, self.in_shape[1:], self.out_shape[1:], self.groups, self.axes
        )
        data = self.weight.reshape(-1)[places]
        if not keep_zeros:
            keep = data != 0
            data, rows, columns = data[keep], rows[keep], columns[keep]
        shape = (prod(self.out_shape), prod(self.in_shape))
        return sp.csr_array((data, (rows, columns)), shape=shape)

    def fan_out(self) -> np.ndarray:
        """F(c, y, x) = (C_out / groups)·a_y(y)·a_x(x)."""
        spatial = np.ones((), np.int64)
        for axis in self.axes:
            spatial = np.multiply.outer(spatial, axis.reach())
        per_spike = self.out_shape[0] // self.groups
        return np.broadcast_to(per_spike * spatial, self.in_shape).copy()

    def largest_sum(self) -> float:
        """The largest kernel: no position sees more of it."""
        return float(np.abs(self.weight).reshape(len(self.weight), -1).sum(axis=1).max())

    def without_dead_taps(self) -> Convolution:
        """Taps that join no two positions set to 0: a 3×3 kernel on a 1×1 map has eight."""
        weight = self.weight.copy()
        for i, axis in enumerate(self.axes):
            dead = [j for j in range(axis.kernel) if not len(axis.taps(j)[0])]
            index: Any = (slice(None),) * (2 + i) + (dead,)
            weight[index] = 0
        return self.with_weight(weight)

    def with_weight(self, weight: np.ndarray) -> Convolution:
        """The same wiring with other weights."""
        return replace(self, weight=weight)

    def with_gain(self, gain: np.ndarray) -> Synapse:
        """Returns it with each output channel's kernel times its gain;
        Sparse where gains differ in a channel."""
        channels = per_channel(gain, self.out_shape)
        if channels is None:
            return Sparse.of(self).with_gain(gain)
        return self.with_weight(self.weight * spread(channels, self.weight.ndim))

    def with_input_gain(self, gain: np.ndarray) -> Synapse:
        """Returns it with each input channel's part of the kernels times its gain; else Sparse."""
        channels = per_channel(gain, self.in_shape)
        if channels is None:
            return Sparse.of(self).with_input_gain(gain)
        c_out, c_group = self.weight.shape[:2]
        by_group = np.broadcast_to(channels, self.in_shape[0]).reshape(self.groups, c_group)
        factors = np.repeat(by_group, c_out // self.groups, axis=0)
        return self.with_weight(
            self.weight * factors.reshape(c_out, c_group, *(1,) * len(self.axes))
        )


def _synapses(
    shape: Shape, inner: Shape, outer: Shape, groups: int, axes: tuple[Axis, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every synapse, tap by tap: its output, its input, and the place of its weight in a kernel
    of `shape` between maps of `inner` and `outer` positions."""
    c_out, c_group = shape[:2]
    o, i = np.meshgrid(np.arange(c_out), np.arange(c_group), indexing="ij")
    channel = i + (o // (c_out // groups)) * c_group
    entries: list[tuple[np.ndarray, ...]] = []
    for n, (_, source, target) in enumerate(_taps(shape[2:], axes)):
        frm = np.ravel_multi_index(np.broadcast_arrays(*source), inner).reshape(-1)
        to = np.ravel_multi_index(np.broadcast_arrays(*target), outer).reshape(-1)
        rows, columns = o[..., None] * prod(outer) + to, channel[..., None] * prod(inner) + frm
        place = (o * c_group + i)[..., None] * prod(shape[2:]) + n
        found = (rows, columns, np.broadcast_to(place, rows.shape))
        entries.append(tuple(each.reshape(-1) for each in found))
    rows, columns, places = (np.concatenate(part) for part in zip(*entries, strict=True))
    return rows, columns, places


_known_synapses = lru_cache(maxsize=16)(_synapses)


def _taps(
    kernel: Shape, axes: tuple[Axis, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[np.ndarray, ...], tuple[Any, ...]]]:
    """(tap, input positions, output positions), the positions as open grids for indexing."""
    for tap in np.ndindex(kernel):
        pairs = [axis.taps(j) for axis, j in zip(axes, tap, strict=True)]
        yield tap, np.ix_(*(x for x, _ in pairs)), np.ix_(*(y for _, y in pairs))


def per_channel(gain: np.ndarray, shape: Shape) -> np.ndarray | None:
    """A gain of `shape` as one number per channel (or a scalar); None where a channel has more."""
    if np.ndim(gain) == 0:
        return np.asarray(gain)
    full = np.broadcast_to(gain, shape).reshape(shape[0], -1)
    return None if (full != full[:, :1]).any() else full[:, 0]


def spread(channels: np.ndarray, ndim: int) -> np.ndarray:
    """One number per first index, shaped to multiply an array of `ndim` axes."""
    return channels.reshape(-1, *(1,) * (ndim - 1)) if channels.ndim else channels


def channel_bias(bias: np.ndarray, out_shape: Shape) -> np.ndarray:
    """A bias per channel (C_out,), broadcast to (C_out, *space)."""
    bias = np.asarray(bias, np.float64)
    if bias.shape != (out_shape[0],):
        raise GraphError(f"bias has shape {bias.shape}, its weight needs ({out_shape[0]},)")
    return np.broadcast_to(spread(bias, len(out_shape)), out_shape)


def check_numbers(
    weight: np.ndarray,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> None:
    """GraphError unless the weight has a kernel over the axes and the numbers can be walked."""
    if weight.ndim != 2 + len(stride) or not weight.size:
        kernel = ", ".join(["k_y", "k_x"]) if len(stride) == 2 else "k"
        raise GraphError(
            f"has a weight of shape {weight.shape}, needs (C_out, C_in / groups, {kernel})"
        )
    for name, value, least in (
        ("stride", stride, 1),
        ("dilation", dilation, 1),
        ("padding", padding, 0),
    ):
        if min(value) < least:
            raise GraphError(f"has {name} {value}, which must be {least} or more")
        if max(value) > MAX_VALUES:
            raise GraphError(f"has {name} {value}, beyond any network; export the file again")


def check_geometry(in_shape: Shape, c_in: int, out_shape: Shape, groups: int) -> None:
    """GraphError unless the input is (C_in, *space), the groups divide and the output exists."""
    if groups < 1 or c_in % groups or out_shape[0] % groups:
        raise GraphError(f"has {groups} groups, which do not divide its channels")
    if len(in_shape) != len(out_shape) or in_shape[0] != c_in:
        space = "height, width" if len(out_shape) == 3 else "length"
        raise GraphError(f"takes an input ({c_in}, {space}), but gets {in_shape}")
    if prod(out_shape) > MAX_VALUES:
        raise GraphError(f"has an output {out_shape}, beyond any network; export the file again")
    if min(out_shape) < 1:
        raise GraphError(f"has an empty output {out_shape} for input {in_shape}; check its kernel")
