"""What the neurons of a float and of a fixed-point program share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.primitive import Conventions, LavaForm, Neuron, Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.parameters import FixedBias


@dataclass(frozen=True, eq=False)
class FloatNeuron(Neuron):
    """A neuron in float64. `bias` is added to its current, `start` is its first membrane."""

    bias: np.ndarray
    start: np.ndarray

    @classmethod
    @abstractmethod
    def from_nir(
        cls, node: nir.NIRNode, conventions: Conventions
    ) -> tuple[FloatNeuron, np.ndarray]:
        """The neuron and the gain by which its input currents must be multiplied."""

    @abstractmethod
    def quantise(self, scale: float) -> FixedNeuron:
        """The same neuron in fixed point, at `scale` integer weight units per unit of membrane."""

    def initial(self, batch: int, shape: Shape) -> np.ndarray:
        """`start` everywhere, float64."""
        return np.broadcast_to(self.start, (batch, *shape)).astype(np.float64)

    def to_real(self, v: np.ndarray, scale: float) -> np.ndarray:
        """Float membranes are in NIR's units already."""
        return v


@dataclass(frozen=True, eq=False)
class FixedNeuron(Neuron):
    """A neuron in Loihi's integers; its membrane counts 64 per weight unit."""

    bias: FixedBias
    start: np.ndarray

    @property
    @abstractmethod
    def decay(self) -> np.ndarray:
        """dv, 12 bits."""

    def initial(self, batch: int, shape: Shape) -> np.ndarray:
        """`start` everywhere, int64."""
        return np.broadcast_to(self.start, (batch, *shape)).astype(np.int64)

    def saturates(self, v: np.ndarray, current: np.ndarray) -> np.ndarray:
        """Where a step from membrane v would leave 24 bits (bool, shape of v)."""
        return fixed_point.saturates(v, current, self.decay, self.bias.value)

    def to_real(self, v: np.ndarray, scale: float) -> np.ndarray:
        """Integer membrane → NIR's units."""
        real: np.ndarray = v / membrane_units(scale)
        return real


def membrane_units(scale: float) -> float:
    """Integer membrane units per unit of NIR's membrane, at `scale` weight units per unit."""
    return scale * (1 << fixed_point.ACTIVATION_SHIFT)


def fixed_start(start: np.ndarray, scale: float) -> np.ndarray:
    """A first membrane in integer units."""
    return np.rint(start * membrane_units(scale)).astype(np.int64)


def fixed_decay(dv: np.ndarray) -> np.ndarray:
    """dv = dt/τ in 4096ths, 12 bits: 1 becomes 4095/4096."""
    scaled = np.rint(dv * (1 << fixed_point.DECAY_BITS))
    return np.clip(scaled, 0, fixed_point.DECAY_MAX).astype(np.int64)


def fixed_threshold(threshold: np.ndarray, scale: float) -> np.ndarray:
    """A threshold in weight units, 17 bits."""
    scaled = np.rint(threshold * scale)
    return np.clip(scaled, 0, fixed_point.THRESHOLD_MAX).astype(np.int64)


def lif_reset(
    neuron: FloatNeuron | FixedNeuron,
    shape: Shape,
    *,
    dv: np.ndarray,
    threshold: np.ndarray,
    interval: int,
    offset: int,
) -> LavaForm:
    """A stock LIFReset whose current u has no memory.

    UnsupportedError where LIFReset cannot: it returns to 0, and Lava's LIF documents one dv and one
    threshold per population.
    """
    if np.any(neuron.start != 0):
        raise UnsupportedError(
            "starts away from v_reset, which LIFReset cannot restore; if it need not, pass "
            "--initial v_reset"
        )
    if np.ndim(dv) or np.ndim(threshold):
        raise UnsupportedError("has tau or threshold per neuron; a stock LIF has one for all")
    arguments: dict[str, Any]
    if isinstance(neuron, FixedNeuron):
        bias = neuron.bias.mantissa
        arguments = {"du": fixed_point.DECAY_MAX, "bias_exp": neuron.bias.exponent}
    else:
        bias = neuron.bias
        arguments = {"du": 1}
    arguments |= {"dv": dv.item(), "vth": threshold.item()}
    arguments["bias_mant"] = np.broadcast_to(bias, shape).copy()
    timing = {"reset_interval": interval, "reset_offset": offset}
    return LavaForm("lava.proc.lif.process:LIFReset", {"shape": shape, **arguments, **timing})
