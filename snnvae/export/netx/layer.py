"""A layer of lava-dl's netx format as a value: what the file holds, no HDF5 and no graph.

netx counts axes as torch does (C, H, W; weights O, I, H, W), while the ports of the process that it
builds are (W, H, C). Source: lava-dl 0.6.0, `lava.lib.dl.netx.hdf5`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnvae.primitive import Shape
from snnvae.primitives import fixed_point

Kind = Literal["input", "flatten", "dense", "conv"]
BIAS_EXPONENT = fixed_point.ACTIVATION_SHIFT
"""netx gives every neuron bias_exp = 6: a bias counts whole weight units."""
FULL_DECAY = 1 << fixed_point.DECAY_BITS
"""iDecay or vDecay that forgets all in one step."""


@dataclass(frozen=True)
class CubaNeuron:
    """netx's CUBA (or LOIHI) neuron, in Loihi's integers.

    ``u = decay(u, current_decay) + (a << 6); v = decay(v, voltage_decay) + u + (bias << 6)``;
    spike where v > threshold << 6, and v = 0 there. Decays in 4096ths.
    """

    current_decay: int
    voltage_decay: int
    threshold: int

    @property
    def is_relay(self) -> bool:
        """Tells whether it only repeats the spikes that it gets."""
        return self == RELAY


RELAY = CubaNeuron(FULL_DECAY, FULL_DECAY, 0)
"""Fires where it gets a spike, in the same step, and keeps nothing."""


@dataclass(frozen=True)
class Geometry:
    """Numbers of a convolution, (y, x)."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


@dataclass(frozen=True, eq=False)
class NetxLayer:
    """One entry of ``/layer``.

    shape: of its neurons, (N,) or (C, H, W), as netx lays them out. weight: integers, dense
    (out, in), conv (C_out, C_in/groups, k_y, k_x). bias: whole weight units, (N,), (C,) or
    (C, H, W). transform: weight and bias that the host applies before an input layer.
    """

    kind: Kind
    shape: Shape
    neuron: CubaNeuron | None = None
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    geometry: Geometry | None = None
    transform: tuple[int, int] | None = None
