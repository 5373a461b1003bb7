"""Random convolutions, and what torch says of them."""

from __future__ import annotations

import warnings
from typing import Any

import nir
import numpy as np
import torch
from hypothesis import strategies as st

from snnvae.primitive import Synapse
from snnvae.primitives import Conv1d, Conv2d, ConvTranspose2d
from snnvae.primitives import NirConvTranspose2d as ConvTransposeNode

Case = tuple[Synapse, Any]
"""A convolution and the NIR node that it came from."""


def sparse_weight(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Some weights are zero."""
    return rng.normal(size=shape) * (rng.random(shape) < 0.7)


def small_whole(low: int, high: int, axes: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*(st.integers(low, high) for _ in range(axes)))


def channels(draw: st.DrawFn) -> tuple[int, int, int]:
    """(C_in, C_out, groups)."""
    groups = draw(st.integers(1, 3))
    return groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2)), groups


def sizes(draw: st.DrawFn, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """Maps that a dilated kernel fits into."""
    return tuple(draw(st.integers(d * (k - 1) + 1, 7)) for d, k in zip(dilation, kernel))


@st.composite
def plain_convolutions(draw: st.DrawFn) -> Case:
    """Over one or two axes; without a stride also with padding "same"."""
    axes = draw(st.integers(1, 2))
    c_in, c_out, groups = channels(draw)
    kernel, stride, dilation = (draw(small_whole(1, 3, axes)) for _ in range(3))
    padding: Any = draw(small_whole(0, 2, axes))
    if set(stride) == {1} and draw(st.booleans()):
        padding = "same"
    size = sizes(draw, kernel, dilation)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weight, bias = sparse_weight(rng, c_out, c_in // groups, *kernel), np.zeros(c_out)
    if axes == 2:
        node = nir.Conv2d(size, weight, stride, padding, dilation, groups, bias)
        return Conv2d.from_nir(node, (c_in, *size))[0], node
    one = padding if padding == "same" else padding[0]
    node = nir.Conv1d(size[0], weight, stride[0], one, dilation[0], groups, bias)
    return Conv1d.from_nir(node, (c_in, *size))[0], node


@st.composite
def transposed_convolutions(draw: st.DrawFn) -> Case:
    c_in, c_out, groups = channels(draw)
    kernel, stride, dilation = (draw(small_whole(1, 3, 2)) for _ in range(3))
    size = sizes(draw, kernel, dilation)
    # torch wants output_padding below stride or dilation, and an output that is not empty.
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    span = [(n - 1) * s + d * (k - 1) for n, s, d, k in zip(size, stride, dilation, kernel)]
    padding = tuple(min(p, n // 2) for p, n in zip(draw(small_whole(0, 2, 2)), span))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weight, bias = sparse_weight(rng, c_in, c_out // groups, *kernel), np.zeros(c_out)
    node = ConvTransposeNode(size, weight, stride, padding, extra, dilation, groups, bias)
    return ConvTranspose2d.from_nir(node, (c_in, *size))[0], node


def convolutions() -> st.SearchStrategy[Case]:
    """Plain or transposed."""
    return st.one_of(plain_convolutions(), transposed_convolutions())


def torch_forward(node: Any, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """What torch computes for a node, with another weight."""
    functional = torch.nn.functional
    if isinstance(node, ConvTransposeNode):
        geometry = (node.stride, node.padding, node.output_padding, node.groups, node.dilation)
        return functional.conv_transpose2d(x, weight, None, *geometry)
    convolve = functional.conv1d if isinstance(node, nir.Conv1d) else functional.conv2d
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")
        return convolve(x, weight, None, node.stride, node.padding, node.dilation, node.groups)


def gradient(node: Any, weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """d(sum of outputs)/d(input): how often each input position is read, weighted."""
    x = torch.zeros(1, *shape, dtype=torch.float64, requires_grad=True)
    torch_forward(node, torch.as_tensor(weight, dtype=torch.float64), x).sum().backward()
    assert x.grad is not None
    return x.grad[0].numpy()
