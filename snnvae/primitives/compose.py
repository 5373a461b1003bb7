"""Two linear maps one after the other as one, and a synapse as the NIR node that describes it."""

from __future__ import annotations

from math import prod

import nir
import numpy as np
import scipy.sparse as sp

from snnvae.primitive import Synapse
from snnvae.primitives.conv import Conv1d, Conv2d
from snnvae.primitives.conv_transpose2d import ConvTranspose2d
from snnvae.primitives.convolution import Axis, Convolution, spread
from snnvae.primitives.linear import Linear
from snnvae.primitives.nir_nodes import ConvTranspose2d as ConvTranspose2dNode
from snnvae.primitives.nir_nodes import SparseAffine
from snnvae.primitives.one_to_one import OneToOne
from snnvae.primitives.sparse import Sparse

MAX_SYNAPSES = 1 << 26
"""A product with more synapses (16 bytes each: 1 GiB) is left as two maps."""


def compose(second: Synapse, first: Synapse) -> Synapse | None:
    """``x → second(first(x))``; None where that would hold too many synapses.

    Exact but for the rounding of the products of weights. Between the two only the shape may
    change, as by a Flatten.
    """
    if isinstance(first, OneToOne) and first.in_shape == second.in_shape and not _masks(first):
        return second.with_input_gain(first.weight.reshape(first.in_shape))
    if isinstance(second, OneToOne) and second.in_shape == first.out_shape == second.out_shape:
        return first.with_gain(second.weight)
    if isinstance(first, Convolution) and isinstance(second, Convolution):
        kernel = _one_kernel(second, first)
        if kernel is not None:
            return kernel
    if isinstance(second, Linear) and not _masks(first):
        if second.weight.shape[0] * prod(first.in_shape) > MAX_SYNAPSES:
            return None
        # (Aᵀ Wᵀ)ᵀ: scipy multiplies a sparse matrix from the left.
        weight = np.asarray((first.matrix().T @ second.weight.T).T)
        return Linear(first.in_shape, second.out_shape, np.ascontiguousarray(weight))
    outer, inner = second.matrix(), first.matrix()
    if _products(outer, inner) > MAX_SYNAPSES:
        return None
    return Sparse.of_matrix(sp.csr_array(outer @ inner), first.in_shape, second.out_shape)


def _masks(synapse: Synapse) -> bool:
    """Tells whether under half of the inputs get through: what is left is then stored alone."""
    if not isinstance(synapse, OneToOne):
        return False
    return bool(np.count_nonzero(synapse.weight) < synapse.weight.size / 2)


def _products(outer: sp.csr_array, inner: sp.csr_array) -> int:
    """Products of two weights that the product of the matrices sums: no fewer than its entries."""
    per_column = np.bincount(outer.indices, minlength=outer.shape[1]).astype(np.int64)
    per_row = np.diff(inner.indptr).astype(np.int64)
    return int(per_column @ per_row)


def _one_kernel(second: Convolution, first: Convolution) -> Convolution | None:
    """Two convolutions as one kernel, where one of them treats each channel by itself.

    Along an axis taps add up to ``d₁·j₁ + s₁·d₂·j₂``, at stride s₁·s₂ and padding p₁ + s₁·p₂.
    None where the padding between the two is not the padding before both, or the kernel is mixed.
    """
    by_channel = [c.groups == c.in_shape[0] == c.out_shape[0] for c in (first, second)]
    same_rank = first.weight.ndim == second.weight.ndim
    if first.transposed or second.transposed or not any(by_channel) or not same_rank:
        return None
    if first.out_shape != second.in_shape:
        return None
    axes = list(zip(first.axes, second.axes))
    if not all(_padding_agrees(one, two) for one, two in axes):
        return None
    inner, outer = first.weight, second.weight
    lead, groups = (inner, outer) if by_channel[1] else (outer, inner)
    mixes = first if by_channel[1] else second
    size = [
        one.dilation * (one.kernel - 1) + one.stride * two.dilation * (two.kernel - 1) + 1
        for one, two in axes
    ]
    weight = np.zeros((*mixes.weight.shape[:2], *size))
    for tap in np.ndindex(lead.shape[2:]):
        for other in np.ndindex(groups.shape[2:]):
            j_one, j_two = (tap, other) if by_channel[1] else (other, tap)
            at = tuple(
                one.dilation * a + one.stride * two.dilation * b
                for (one, two), a, b in zip(axes, j_one, j_two, strict=True)
            )
            single = groups[(slice(None), 0, *other)]
            factor = _channel_factor(mixes, single, by_channel[1])
            weight[(..., *at)] += lead[(..., *tap)] * factor
    kind = Conv2d if len(axes) == 2 else Conv1d
    return kind(
        first.in_shape,
        second.out_shape,
        weight,
        tuple(one.stride * two.stride for one, two in axes),
        tuple(one.padding + one.stride * two.padding for one, two in axes),
        (1,) * len(axes),
        mixes.groups,
    )


def _channel_factor(mixes: Convolution, single: np.ndarray, behind: bool) -> np.ndarray:
    """One number per channel as a factor of weights (C_out, C_in/groups) of the other map."""
    if behind:
        return spread(single, 2)
    c_out, c_group = mixes.weight.shape[:2]
    return np.repeat(single.reshape(mixes.groups, c_group), c_out // mixes.groups, axis=0)


def _padding_agrees(one: Axis, two: Axis) -> bool:
    """Tells whether what `two` reads beyond the map between is zero in the one kernel as well."""
    reads = np.arange(two.n_out)[:, None] * two.stride - two.padding
    reads = reads + two.dilation * np.arange(two.kernel)
    beyond = np.unique(reads[(reads < 0) | (reads >= two.n_in)])
    fine = beyond[:, None] * one.stride - one.padding + one.dilation * np.arange(one.kernel)
    return not bool(((fine >= 0) & (fine < one.n_in)).any())


def to_nodes(synapse: Synapse, bias: np.ndarray | None) -> list[nir.NIRNode]:
    """The NIR node that a synapse and its bias are, after a Flatten where the node needs one."""
    if isinstance(synapse, Linear):
        flat = np.zeros(prod(synapse.out_shape)) if bias is None else np.reshape(bias, -1)
        node = nir.Affine(synapse.weight, flat)
        if len(synapse.in_shape) == 1:
            return [node]
        return [nir.Flatten({"input": np.array(synapse.in_shape)}, 0, -1), node]
    if isinstance(synapse, OneToOne) and bias is None and synapse.in_shape == synapse.out_shape:
        return [nir.Scale(synapse.weight)]
    node = _kernel_node(synapse, bias) if isinstance(synapse, Convolution) else None
    return [node or _sparse_node(Sparse.of(synapse), bias)]


def _kernel_node(synapse: Convolution, bias: np.ndarray | None) -> nir.NIRNode | None:
    """Conv1d, Conv2d or ConvTranspose2d; None where the node cannot say it."""
    channels = np.zeros(synapse.out_shape[0])
    if bias is not None:
        full = np.broadcast_to(bias, synapse.out_shape).reshape(len(channels), -1)
        if (full != full[:, :1]).any():
            return None
        channels = full[:, 0].copy()
    geometry = (synapse.stride, synapse.padding, synapse.dilation, synapse.groups)
    if isinstance(synapse, ConvTranspose2d):
        return _transposed_node(synapse, channels)
    kind, node_kind = (Conv1d, nir.Conv1d) if len(synapse.stride) == 1 else (Conv2d, nir.Conv2d)
    ints = tuple(g[0] if kind is Conv1d else g for g in geometry[:3])
    shape = synapse.in_shape[1] if kind is Conv1d else synapse.in_shape[1:]
    padding = _padding(synapse)
    if padding is None:
        return None
    given = padding if isinstance(padding, str) else ints[1]
    node = node_kind(shape, synapse.weight, ints[0], given, ints[2], synapse.groups, channels)
    node.input_type = {"input": np.array(synapse.in_shape)}
    node.output_type = {"output": np.array(synapse.out_shape)}
    return node


def _padding(synapse: Convolution) -> tuple[int, ...] | str | None:
    """The padding as a NIR node has it: equal on both sides, or "same"; None if it is neither."""
    axes = synapse.axes
    spans = [axis.dilation * (axis.kernel - 1) for axis in axes]
    equal = all(
        (a.n_in + 2 * a.padding - span - 1) // a.stride + 1 == a.n_out
        for a, span in zip(axes, spans, strict=True)
    )
    if equal:
        return synapse.padding
    same = all(
        (a.stride, a.padding, a.n_out) == (1, span // 2, a.n_in)
        for a, span in zip(axes, spans, strict=True)
    )
    return "same" if same else None


def _transposed_node(synapse: ConvTranspose2d, bias: np.ndarray) -> nir.NIRNode:
    """Ours, whose weight has the input channels first."""
    c_out, c_group, *kernel = synapse.weight.shape
    groups = synapse.groups
    by_group = synapse.weight.reshape(groups, c_out // groups, c_group, *kernel).swapaxes(1, 2)
    weight = by_group.reshape(groups * c_group, c_out // groups, *kernel)
    rest = tuple(
        axis.n_out
        - ((axis.n_in - 1) * axis.stride - 2 * axis.padding + axis.dilation * (axis.kernel - 1) + 1)
        for axis in synapse.axes
    )
    y, x = synapse.in_shape[1:]
    return ConvTranspose2dNode(
        (y, x), weight, synapse.stride, synapse.padding, rest, synapse.dilation, groups, bias
    )


def _sparse_node(sparse: Sparse, bias: np.ndarray | None) -> SparseAffine:
    size = prod(sparse.out_shape)
    flat = np.zeros(size) if bias is None else np.broadcast_to(bias, sparse.out_shape).reshape(-1)
    parts = (sparse.weight, sparse.indices, sparse.indptr, flat.copy())
    return SparseAffine(sparse.in_shape, sparse.out_shape, *parts)


__all__ = ["MAX_SYNAPSES", "compose", "to_nodes"]
