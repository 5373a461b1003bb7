"""Single torch and Norse layers as NIR nodes.

Weights keep their float32 values; neuron parameters are float64, the numbers that Norse computes
with: τ = 1/tau_mem_inv (Norse's own export writes dt/tau_mem_inv), R = 1.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.primitives.nir_nodes import ConvTranspose2d

Shape = tuple[int, ...]


def array(tensor: Any) -> np.ndarray:
    """A torch tensor or number as a NumPy array of its own."""
    detached = tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor
    return np.array(detached)


def _bias(layer: Any, channels: int) -> np.ndarray:
    return np.zeros(channels, np.float32) if layer.bias is None else array(layer.bias)


def affine(layer: Any) -> nir.Affine:
    """torch Linear → Affine."""
    weight = array(layer.weight)
    return nir.Affine(weight, _bias(layer, len(weight)))


def linear_as_conv(weight: Any, bias: Any, in_shape: Shape) -> nir.Conv2d:
    """A Linear over a whole (C, H, W) map as the Conv2d whose kernel is the map: → (N, 1, 1)."""
    kernels = array(weight).reshape(-1, *in_shape)
    offsets = np.zeros(len(kernels), np.float32) if bias is None else array(bias)
    return nir.Conv2d(in_shape[1:], kernels, (1, 1), (0, 0), (1, 1), 1, offsets)


def linear_to_map(layer: Any, out_shape: Shape) -> tuple[nir.Conv2d, np.ndarray]:
    """A Linear (N → C·H·W) on a (N, 1, 1) map as a Conv2d that fills (C, H, W), and its bias map.

    With padding H − 1 around the one input, output (y, x) sees kernel tap (H − 1 − y, W − 1 − x).
    A Conv2d's bias cannot differ per position, so the bias (C, H, W) is for the neurons to add.
    """
    channels, height, width = out_shape
    weight = array(layer.weight).reshape(channels, height, width, -1)
    kernels = np.ascontiguousarray(weight[:, ::-1, ::-1].transpose(0, 3, 1, 2))
    none = np.zeros(channels, np.float32)
    conv = nir.Conv2d((1, 1), kernels, (1, 1), (height - 1, width - 1), (1, 1), 1, none)
    return conv, _bias(layer, channels * height * width).reshape(out_shape)


def conv2d(layer: Any, in_shape: Shape) -> nir.Conv2d:
    """torch Conv2d → Conv2d."""
    if getattr(layer, "padding_mode", "zeros") != "zeros":
        raise UnsupportedError(f"Conv2d pads with '{layer.padding_mode}'; NIR knows only zeros")
    if layer.groups != 1 or len(set(layer.kernel_size)) != 1:
        raise UnsupportedError(
            f"Conv2d has groups={layer.groups} and kernel_size={tuple(layer.kernel_size)}; "
            "NIR 1.0.8 infers wrong shapes but for groups=1 and square kernels"
        )
    padding = layer.padding if isinstance(layer.padding, str) else tuple(layer.padding)
    return nir.Conv2d(
        input_shape=in_shape[1:],
        weight=array(layer.weight),
        stride=tuple(layer.stride),
        padding=padding,
        dilation=tuple(layer.dilation),
        groups=layer.groups,
        bias=_bias(layer, layer.out_channels),
    )


def conv_transpose2d(layer: Any, in_shape: Shape) -> ConvTranspose2d:
    """torch ConvTranspose2d → our node."""
    return ConvTranspose2d(
        input_shape=(in_shape[1], in_shape[2]),
        weight=array(layer.weight),
        stride=tuple(layer.stride),
        padding=tuple(layer.padding),
        output_padding=tuple(layer.output_padding),
        dilation=tuple(layer.dilation),
        groups=layer.groups,
        bias=_bias(layer, layer.out_channels),
    )


def lif_box(cell: Any, shape: Shape, bias: np.ndarray | float = 0.0) -> nir.LIF:
    """Norse LIFBoxCell → LIF of `shape`; with R = 1 a constant bias current adds to v_leak."""
    p = cell.p
    return nir.LIF(
        tau=_tau(cell, shape),
        r=np.ones(shape),
        v_leak=_per_neuron(p.v_leak, shape) + bias,
        v_threshold=_per_neuron(p.v_th, shape),
        v_reset=_per_neuron(p.v_reset, shape),
    )


def li_box(cell: Any, shape: Shape, gain: float = 1.0) -> nir.LI:
    """Norse LIBoxCell → LI whose membrane is `gain` times Norse's."""
    leak = _per_neuron(cell.p.v_leak, shape) * gain
    return nir.LI(tau=_tau(cell, shape), r=np.full(shape, float(gain)), v_leak=leak)


def _tau(cell: Any, shape: Shape) -> np.ndarray:
    """τ from dt·tau_mem_inv as Norse computes it, in float32 where its parameter is a tensor."""
    dt = float(cell.dt)
    return dt / _per_neuron(dt * cell.p.tau_mem_inv, shape)


def _per_neuron(value: Any, shape: Shape) -> np.ndarray:
    return np.broadcast_to(np.asarray(array(value), np.float64), shape).copy()
