"""torch's functions of weights in a traced forward pass, and BatchNorm."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import nir
import numpy as np
import torch
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.norse.value import Value, plain
from snnvae.primitives.nir_nodes import ConvTranspose2d

WEIGHTED = (nir.Affine, nir.Conv1d, nir.Conv2d, ConvTranspose2d)


def linear(x: Any, weight: Any, bias: Any = None) -> Value:
    """Places an Affine node."""
    check_parameters(weight, bias)
    out = _computed(F.linear, x, weight, bias)
    if len(x.sample_shape) != 1:
        raise UnsupportedError(f"a linear function of {x.sample_shape}: flatten it first")
    node = x.tracer.once(lambda: weights.affine(weight, bias), (weight, bias))
    return placed(x, node, out)


def matmul(x: Any, matrix: Any) -> Value:
    """x·M → Affine."""
    if not isinstance(x, Value) or isinstance(matrix, Value) or matrix.ndim != 2:
        raise UnsupportedError("multiplies what is not a value by a matrix, which NIR cannot say")
    return linear(x, matrix.t())


def conv1d(x: Any, weight: Any, bias: Any = None, *geometry: Any, **named: Any) -> Value:
    """Places a Conv1d node."""
    return _convolution(torch.conv1d, weights.conv1d, x, weight, bias, geometry, named)


def conv2d(x: Any, weight: Any, bias: Any = None, *geometry: Any, **named: Any) -> Value:
    """Places a Conv2d node."""
    return _convolution(torch.conv2d, weights.conv2d, x, weight, bias, geometry, named)


def conv_transpose2d(x: Any, weight: Any, bias: Any = None, *geometry: Any, **named: Any) -> Value:
    """→ our ConvTranspose2d."""
    kind = torch.conv_transpose2d
    return _convolution(kind, weights.conv_transpose2d, x, weight, bias, geometry, named)


def _convolution(
    function: Callable[..., Any],
    node: Callable[..., nir.NIRNode],
    x: Any,
    weight: Any,
    bias: Any,
    geometry: tuple[Any, ...],
    named: dict[str, Any],
) -> Value:
    check_parameters(weight, bias)
    check_layout(x)
    out = _computed(function, x, weight, bias, *geometry, **named)
    made = x.tracer.once(
        lambda: node(weight, bias, x.sample_shape, *geometry, **named),
        (weight, bias),
        (function, x.sample_shape, geometry, named),
    )
    return placed(x, made, out)


def batch_norm(
    x: Value,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Value:
    """``y = a·(x − μ) + β``, a = γ/√(σ² + ε), folded into the weights before it.

    Without such it is a node of its own: an Affine, or a convolution of each channel by itself.
    Computed in float64; weights keep their precision.
    """
    if training or running_mean is None:
        raise UnsupportedError("BatchNorm keeps no statistics; its output depends on the batch")
    check_layout(x)
    mean, variance = (weights.array(v).astype(np.float64) for v in (running_mean, running_var))
    gain = 1.0 if weight is None else weights.array(weight).astype(np.float64)
    shift = 0.0 if bias is None else weights.array(bias).astype(np.float64)
    with np.errstate(all="ignore"):  # what is not finite is named when all is traced
        a = gain / np.sqrt(variance + eps)
        b = shift - a * mean
    if x.sample_shape[0] != len(mean):
        raise ValueError(f"it normalises {len(mean)} channels")
    tracer, origin = x.tracer, {}
    for t, ids in x.origin.items():
        before = tracer.steps[t].placed[ids[0]]
        if len(ids) == 1 and isinstance(before.node, WEIGHTED):
            with np.errstate(all="ignore"):
                folded = fold(before.node, a, b)
            origin[t] = (tracer.steps[t].add(folded, before.inputs, before.names),)
        else:
            node = _by_channel(a, b, x.sample_shape)
            origin[t] = (tracer.steps[t].add(node, ids, tracer.called()),)
    return Value.of(plain(x), tracer, origin, x.lead, owned=True)


def fold(node: Any, a: np.ndarray, b: np.ndarray) -> Any:
    """The node followed by ``a·y + b`` per channel, as one node: W' = a·W, bias' = a·bias + b."""
    folded = copy(node)
    weight = node.weight.astype(np.float64)
    if isinstance(node, ConvTranspose2d):
        by_group = weight.reshape(node.groups, -1, *weight.shape[1:])
        spread = a.reshape(node.groups, 1, -1, 1, 1)
        scaled = (by_group * spread).reshape(weight.shape)
    else:
        scaled = weight * a.reshape(-1, *[1] * (weight.ndim - 1))
    folded.weight = scaled.astype(node.weight.dtype)
    folded.bias = (a * node.bias.astype(np.float64) + b).astype(node.weight.dtype)
    return folded


def _by_channel(a: np.ndarray, b: np.ndarray, shape: tuple[int, ...]) -> nir.NIRNode:
    if len(shape) == 1:
        return nir.Affine(np.diag(a), b)
    kernels = a.reshape(-1, *[1] * len(shape))
    convolution = {2: weights.conv1d, 3: weights.conv2d}.get(len(shape))
    if convolution is None:
        raise UnsupportedError(f"BatchNorm of {shape} has no form in NIR")
    return convolution(kernels, b, shape, groups=shape[0])


def placed(
    x: Value, node: nir.NIRNode, out: torch.Tensor, part: str | None = None, *, spikes: bool = False
) -> Value:
    """The value behind a node of a value."""
    if part is None:
        part = own_part(x, node)
    origin = x.tracer.place(x.origin, node, part)
    return Value.of(out, x.tracer, origin, x.lead, spikes=spikes, owned=True)


def own_part(x: Value, node: nir.NIRNode) -> str:
    """A layer's node has the layer's name; what forward() calls itself is named after its kind."""
    module = x.tracer.running[-1]
    return type(node).__name__.lower() if any(True for _ in module.children()) else ""


def check_parameters(*tensors: Any) -> None:
    """UnsupportedError where weights depend on the input."""
    if any(isinstance(tensor, Value) for tensor in tensors):
        raise UnsupportedError("its weights depend on the input, which NIR cannot say")


def check_layout(x: Any) -> None:
    """UnsupportedError unless one axis, the batch, stands before a sample's own."""
    if not isinstance(x, Value):
        raise UnsupportedError("its weights depend on the input, which NIR cannot say")
    if x.lead != 1:
        raise UnsupportedError("takes (batch, …) but gets (time, batch, …); put it into Lift()")


def _computed(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
    if not isinstance(x, Value):
        raise UnsupportedError("its weights depend on the input, which NIR cannot say")
    # Of its shape alone: stand-ins are zeros, whose products need not be computed.
    shapes = [a.to("meta") if isinstance(a, torch.Tensor) else a for a in (plain(x), *args)]
    out = function(*shapes, **kwargs)
    return torch.zeros(out.shape, dtype=out.dtype, device=plain(x).device)
