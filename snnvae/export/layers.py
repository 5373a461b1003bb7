"""Single torch and Norse layers as NIR nodes.

Neuron parameters are float64, the numbers that Norse computes with: τ = 1/tau_mem_inv (Norse's own
export writes dt/tau_mem_inv), R = 1.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.weights import array
from snnvae.primitives.nir_nodes import ConvTranspose2d

Shape = tuple[int, ...]

__all__ = [
    "array",
    "conv2d",
    "conv_transpose2d",
    "li_box",
    "lif_box",
    "linear_as_conv",
    "linear_to_map",
    "per_neuron",
    "time_constant",
]


def linear_as_conv(weight: Any, bias: Any, in_shape: Shape) -> nir.Conv2d:
    """A Linear over a whole (C, H, W) map as the Conv2d whose kernel is the map: → (N, 1, 1)."""
    return weights.conv2d(array(weight).reshape(-1, *in_shape), bias, in_shape)


def linear_to_map(layer: Any, out_shape: Shape) -> tuple[nir.Conv2d, np.ndarray]:
    """A Linear (N → C·H·W) on a (N, 1, 1) map as a Conv2d that fills (C, H, W), and its bias map.

    With padding H − 1 around the one input, output (y, x) sees kernel tap (H − 1 − y, W − 1 − x).
    A Conv2d's bias cannot differ per position, so the bias (C, H, W) is for the neurons to add.
    """
    channels, height, width = out_shape
    weight = array(layer.weight).reshape(channels, height, width, -1)
    kernels = np.ascontiguousarray(weight[:, ::-1, ::-1].transpose(0, 3, 1, 2))
    conv = weights.conv2d(kernels, None, (kernels.shape[1], 1, 1), 1, (height - 1, width - 1))
    return conv, weights.bias_of(layer.bias, channels * height * width).reshape(out_shape)


def conv2d(layer: Any, in_shape: Shape) -> nir.Conv2d:
    """torch Conv2d → Conv2d."""
    if getattr(layer, "padding_mode", "zeros") != "zeros":
        raise UnsupportedError(f"Conv2d pads with '{layer.padding_mode}'; NIR knows only zeros")
    shape = (layer.stride, layer.padding, layer.dilation, layer.groups)
    return weights.conv2d(layer.weight, layer.bias, in_shape, *shape)


def conv_transpose2d(layer: Any, in_shape: Shape) -> ConvTranspose2d:
    """torch ConvTranspose2d → our node."""
    shape = (layer.stride, layer.padding, layer.output_padding, layer.groups, layer.dilation)
    return weights.conv_transpose2d(layer.weight, layer.bias, in_shape, *shape)


def lif_box(cell: Any, shape: Shape, bias: np.ndarray | float = 0.0) -> nir.LIF:
    """Norse LIFBoxCell → LIF of `shape`; with R = 1 a constant bias current adds to v_leak."""
    p = cell.p
    return nir.LIF(
        tau=time_constant(cell.dt, p.tau_mem_inv, shape),
        r=np.ones(shape),
        v_leak=per_neuron(p.v_leak, shape) + bias,
        v_threshold=per_neuron(p.v_th, shape),
        v_reset=per_neuron(p.v_reset, shape),
    )


def li_box(cell: Any, shape: Shape, gain: float = 1.0) -> nir.LI:
    """Norse LIBoxCell → LI whose membrane is `gain` times Norse's."""
    leak = per_neuron(cell.p.v_leak, shape) * gain
    tau = time_constant(cell.dt, cell.p.tau_mem_inv, shape)
    return nir.LI(tau=tau, r=np.full(shape, float(gain)), v_leak=leak)


def time_constant(dt: float, inverse: Any, shape: Shape) -> np.ndarray:
    """τ in seconds from dt·(1/τ) as Norse computes it, in float32 where 1/τ is such a tensor."""
    return float(dt) / per_neuron(dt * inverse, shape)


def per_neuron(value: Any, shape: Shape) -> np.ndarray:
    """A parameter, for all or for each neuron, as float64 of the layer's shape.

    ValueError if it has another shape; leading axes of size 1 (time, batch) do not count.
    """
    values = np.asarray(array(value), np.float64)
    while values.ndim > len(shape) and len(values) == 1:
        values = values[0]
    return np.broadcast_to(values, shape).copy()
