"""What convolution and transposed convolution share: everything but which side is strided.

Along each axis a kernel tap j joins input position x and output position y where
convolution: ``x = y·s − p + d·j``; transposed: ``y = x·s − p + d·j``. Everything else
(sums, sparse matrix, fan-out) follows from these pairs, per axis.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from snnvae.errors import GraphError, UnsupportedError
from snnvae.primitive import Shape, Synapse


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
    """Synapses with a shared kernel; weight: (C_out, C_in/groups, k_y, k_x).

    padding is what stands before the first position.
    """

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    transposed: ClassVar[bool] = False

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Geometry along y and x."""
        y, x = (
            Axis(
                self.in_shape[a + 1],
                self.out_shape[a + 1],
                self.stride[a],
                self.padding[a],
                self.dilation[a],
                self.weight.shape[a + 2],
                self.transposed,
            )
            for a in range(2)
        )
        return y, x

    def apply(self, x: np.ndarray) -> np.ndarray:
        """(B, C_in, H, W) → (B, C_out, H', W'), summed tap by tap."""
        batch, per_group = len(x), self.weight.shape[0] // self.groups
        split = x.reshape(batch, self.groups, -1, *self.in_shape[1:])
        kernels = self.weight.reshape(self.groups, per_group, *self.weight.shape[1:])
        rows, columns = self.axes
        shape = (batch, self.groups, per_group, rows.n_out, columns.n_out)
        out = np.zeros(shape, np.result_type(x, self.weight))
        for j_y in range(rows.kernel):
            in_y, out_y = rows.taps(j_y)
            for j_x in range(columns.kernel):
                in_x, out_x = columns.taps(j_x)
                patch = split[:, :, :, in_y[:, None], in_x]
                term = np.einsum("bgiyx,goi->bgoyx", patch, kernels[..., j_y, j_x], optimize=True)
                out[:, :, :, out_y[:, None], out_x] += term
        return out.reshape(batch, *self.out_shape)

    def matrix(self) -> sp.csr_array:
        """(C_out·H'·W', C_in·H·W), one entry per synapse of non-zero weight."""
        c_out, c_group = self.weight.shape[:2]
        rows, columns = self.axes
        o, i = np.meshgrid(np.arange(c_out), np.arange(c_group), indexing="ij")
        source = i + (o // (c_out // self.groups)) * c_group
        entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for j_y in range(rows.kernel):
            in_y, out_y = rows.taps(j_y)
            for j_x in range(columns.kernel):
                in_x, out_x = columns.taps(j_x)
                to = out_y[:, None] * columns.n_out + out_x
                frm = in_y[:, None] * columns.n_in + in_x
                target = o[..., None, None] * (rows.n_out * columns.n_out) + to
                origin = source[..., None, None] * (rows.n_in * columns.n_in) + frm
                value = np.broadcast_to(self.weight[..., j_y, j_x, None, None], target.shape)
                keep = value != 0
                entries.append((value[keep], target[keep], origin[keep]))
        data, to_flat, from_flat = (np.concatenate(part) for part in zip(*entries, strict=True))
        shape = (prod(self.out_shape), prod(self.in_shape))
        return sp.csr_array((data, (to_flat, from_flat)), shape=shape)

    def fan_out(self) -> np.ndarray:
        """F(c, y, x) = (C_out / groups)·a_y(y)·a_x(x)."""
        rows, columns = self.axes
        spatial = np.multiply.outer(rows.reach(), columns.reach())
        per_spike = self.out_shape[0] // self.groups
        return np.broadcast_to(per_spike * spatial, self.in_shape).copy()

    def with_weight(self, weight: np.ndarray) -> Convolution:
        """The same wiring with other weights."""
        return replace(self, weight=weight)

    def with_gain(self, gain: np.ndarray) -> Convolution:
        """Each output channel's kernel times its gain; the gain must be equal within a channel."""
        full = np.broadcast_to(gain, self.out_shape).reshape(self.out_shape[0], -1)
        if (full != full[:, :1]).any():
            raise UnsupportedError(
                "feeds neurons whose tau or r differ within a channel, which a shared kernel "
                "cannot absorb; make them equal per channel or write the convolution as an Affine"
            )
        return self.with_weight(self.weight * full[:, :1, None, None])


def pair(value: int | tuple[int, ...] | np.ndarray) -> tuple[int, int]:
    """One whole number for both axes, or two; GraphError for anything else."""
    try:
        y, x = np.broadcast_to(np.asarray(value, np.float64), 2)
        if y == int(y) and x == int(x):
            return int(y), int(x)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphError(f"needs a whole number, or one for each of two axes, where it has {value!r}")


def whole(value: int | np.ndarray) -> int:
    """A whole number; GraphError for anything else."""
    if np.ndim(value):
        raise GraphError(f"needs a whole number, where it has {value!r}")
    return pair(value)[0]


def channel_bias(bias: np.ndarray, out_shape: Shape) -> np.ndarray:
    """A bias per channel (C_out,), broadcast to (C_out, H, W)."""
    bias = np.asarray(bias, np.float64)
    if bias.shape != (out_shape[0],):
        raise GraphError(f"bias has shape {bias.shape}, its weight needs ({out_shape[0]},)")
    return np.broadcast_to(bias[:, None, None], out_shape)


def check_numbers(
    weight: np.ndarray,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> None:
    """GraphError unless the weight has two spatial axes and the numbers can be walked."""
    if weight.ndim != 4 or not weight.size:
        raise GraphError(
            f"has a weight of shape {weight.shape}, needs (C_out, C_in / groups, k_y, k_x)"
        )
    for name, value, least in (
        ("stride", stride, 1),
        ("dilation", dilation, 1),
        ("padding", padding, 0),
    ):
        if min(value) < least:
            raise GraphError(f"has {name} {value}, which must be {least} or more")


def check_geometry(in_shape: Shape, c_in: int, out_shape: Shape, groups: int) -> None:
    """GraphError unless the input is (C_in, H, W), the groups divide and the output exists."""
    if groups < 1 or c_in % groups or out_shape[0] % groups:
        raise GraphError(f"has {groups} groups, which do not divide its channels")
    if len(in_shape) != 3 or in_shape[0] != c_in:
        raise GraphError(f"takes an input ({c_in}, height, width), but gets {in_shape}")
    if min(out_shape) < 1:
        raise GraphError(f"has an empty output {out_shape} for input {in_shape}; check its kernel")
