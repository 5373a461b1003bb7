"""A program's synapses in torch: sums of weights that may be trained, (B, *in) → (B, *out).

In float64: whole numbers, and float weights on their grid, add up exactly in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.primitive import Synapse
from snnvae.primitives import Linear, OneToOne, Sparse
from snnvae.primitives.convolution import Convolution

Sums = Callable[[Tensor, Tensor], Tensor]
"""(values, weights of the synapse's form) → currents."""


def sums_of(synapse: Synapse) -> Sums:
    """The sums of a synapse; UnsupportedError for a user's own kind."""
    if isinstance(synapse, Linear):
        return partial(_linear, synapse)
    if isinstance(synapse, OneToOne):
        return partial(_one_to_one, synapse)
    if isinstance(synapse, Sparse):
        rows = np.repeat(np.arange(prod(synapse.out_shape)), np.diff(synapse.indptr))
        at = torch.from_numpy(np.stack([rows, synapse.indices]).astype(np.int64))
        return partial(_sparse, synapse, at)
    if isinstance(synapse, Convolution):
        return partial(_transposed if synapse.transposed else _convolution, synapse)
    raise UnsupportedError(f"synapses of kind {type(synapse).__name__} cannot be trained")


def _linear(synapse: Synapse, x: Tensor, weight: Tensor) -> Tensor:
    return F.linear(x.flatten(1), weight).reshape(-1, *synapse.out_shape)


def _one_to_one(synapse: Synapse, x: Tensor, weight: Tensor) -> Tensor:
    return x.reshape(-1, *synapse.out_shape) * weight.reshape(synapse.out_shape)


def _sparse(synapse: Synapse, at: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    size = (prod(synapse.out_shape), prod(synapse.in_shape))
    matrix = torch.sparse_coo_tensor(at, weight, size, is_coalesced=True, check_invariants=False)
    return torch.sparse.mm(matrix, x.flatten(1).T).T.reshape(-1, *synapse.out_shape)


def _convolution(synapse: Convolution, x: Tensor, weight: Tensor) -> Tensor:
    pads: list[int] = []  # torch names the last axis first
    for axis in reversed(synapse.axes):
        reach = (axis.n_out - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1
        pads += [axis.padding, reach - axis.n_in - axis.padding]
    padded = F.pad(x.reshape(-1, *synapse.in_shape), pads)
    convolve = F.conv2d if len(synapse.axes) == 2 else F.conv1d
    return convolve(
        padded, weight, stride=synapse.stride, dilation=synapse.dilation, groups=synapse.groups
    )


def _transposed(synapse: Convolution, x: Tensor, weight: Tensor) -> Tensor:
    groups, (c_out, c_in, *kernel) = synapse.groups, weight.shape
    by_input = weight.reshape(groups, c_out // groups, c_in, *kernel).transpose(1, 2)
    whole = F.conv_transpose2d(
        x.reshape(-1, *synapse.in_shape),
        by_input.reshape(groups * c_in, c_out // groups, *kernel),
        stride=synapse.stride,
        dilation=synapse.dilation,
        groups=groups,
    )
    pads: list[int] = []
    for axis, there in zip(reversed(synapse.axes), reversed(whole.shape[2:])):
        pads += [-axis.padding, axis.n_out + axis.padding - there]
    return F.pad(whole, pads)
