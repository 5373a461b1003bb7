"""torch's linear functions of weights as NIR nodes.

Weights keep their values and precision. The nodes carry their shapes: NIR 1.0.8 infers wrong ones
for groups and for kernels that are not square, and none for pools.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nir
import numpy as np

from snnvae.primitives.nir_nodes import ConvTranspose2d

Shape = tuple[int, ...]
Numbers = int | Sequence[int]


def array(tensor: Any) -> np.ndarray:
    """A torch tensor or number as a NumPy array of its own."""
    detached = tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor
    return np.array(detached)


def bias_of(bias: Any, channels: int) -> np.ndarray:
    """A bias (C_out,); zeros for None, as NIR has no nodes without one."""
    return np.zeros(channels, np.float32) if bias is None else array(bias)


def affine(weight: Any, bias: Any = None) -> nir.Affine:
    """``y = W·x + b``; weight (N_out, N_in)."""
    matrix = array(weight)
    return nir.Affine(matrix, bias_of(bias, len(matrix)))


def conv1d(
    weight: Any,
    bias: Any,
    in_shape: Shape,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> nir.Conv1d:
    """torch's conv1d of a (C_in, L) map; weight (C_out, C_in/groups, k)."""
    kernels = array(weight)
    (step,), (apart,) = numbers(stride, 1), numbers(dilation, 1)
    pad = padding if isinstance(padding, str) else numbers(padding, 1)[0]
    node = nir.Conv1d(None, kernels, step, pad, apart, groups, bias_of(bias, len(kernels)))
    node.input_shape = in_shape[1]
    return _typed(node, in_shape, _convolved(in_shape, kernels, stride, padding, dilation))


def conv2d(
    weight: Any,
    bias: Any,
    in_shape: Shape,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> nir.Conv2d:
    """torch's conv2d of a (C_in, H, W) map; weight (C_out, C_in/groups, k_y, k_x)."""
    kernels = array(weight)
    pad = padding if isinstance(padding, str) else numbers(padding, 2)
    step, apart = numbers(stride, 2), numbers(dilation, 2)
    node = nir.Conv2d(None, kernels, step, pad, apart, groups, bias_of(bias, len(kernels)))
    node.input_shape = in_shape[1:]
    return _typed(node, in_shape, _convolved(in_shape, kernels, stride, padding, dilation))


def conv_transpose2d(
    weight: Any,
    bias: Any,
    in_shape: Shape,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> ConvTranspose2d:
    """torch's conv_transpose2d of a (C_in, H, W) map; weight (C_in, C_out/groups, k_y, k_x)."""
    kernels = array(weight)
    return ConvTranspose2d(
        input_shape=(in_shape[1], in_shape[2]),
        weight=kernels,
        stride=pair(stride),
        padding=pair(padding),
        output_padding=pair(output_padding),
        dilation=pair(dilation),
        groups=groups,
        bias=bias_of(bias, kernels.shape[1] * groups),
    )


def pool2d(
    kind: type[nir.SumPool2d] | type[nir.AvgPool2d],
    in_shape: Shape,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
) -> nir.NIRNode:
    """Sum or mean over windows of a (C, H, W) map; without a stride they do not overlap."""
    kernel = pair(kernel_size)
    step, pad = pair(stride) if stride else kernel, pair(padding)
    node = kind(np.array(kernel), np.array(step), np.array(pad))
    window = np.empty((in_shape[0], 0, *kernel))
    return _typed(node, in_shape, _convolved(in_shape, window, step, pad, 1))


def pool1d(
    kind: type[nir.SumPool2d] | type[nir.AvgPool2d],
    in_shape: Shape,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
) -> nir.Conv1d:
    """Sum or mean over windows of a (C, L) map, which NIR lacks: each channel's convolution."""
    (kernel,) = numbers(kernel_size, 1)
    weight = 1.0 if kind is nir.SumPool2d else 1 / kernel
    kernels = np.full((in_shape[0], 1, kernel), weight)
    return conv1d(kernels, None, in_shape, stride or kernel, padding, groups=in_shape[0])


def scale(factor: Any, shape: Shape) -> nir.Scale:
    """``y = s·x``, elementwise; the factor is a number or broadcasts to the shape."""
    return nir.Scale(np.broadcast_to(array(factor), shape).astype(np.float64))


def numbers(value: Numbers, axes: int) -> Shape:
    """One whole number for all axes, or one for each."""
    given = (value,) if isinstance(value, int) else tuple(int(n) for n in value)
    return given * axes if len(given) == 1 else given


def pair(value: Numbers) -> tuple[int, int]:
    """`numbers` for two axes."""
    y, x = numbers(value, 2)
    return y, x


def _convolved(
    in_shape: Shape, kernels: np.ndarray, stride: Numbers, padding: Numbers | str, dilation: Numbers
) -> Shape:
    """(C_out, …): per axis ⌊(n + 2p − d·(k − 1) − 1)/s⌋ + 1, or n with padding "same"."""
    axes = len(in_shape) - 1
    if padding == "same":
        return (len(kernels), *in_shape[1:])
    pads = (0,) * axes if isinstance(padding, str) else numbers(padding, axes)
    spatial = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(
            in_shape[1:],
            pads,
            numbers(dilation, axes),
            kernels.shape[2:],
            numbers(stride, axes),
            strict=True,
        )
    )
    return (len(kernels), *spatial)


def _typed(node: Any, in_shape: Shape, out_shape: Shape) -> Any:
    node.input_type = {"input": np.array(in_shape)}
    node.output_type = {"output": np.array(out_shape)}
    return node
