"""Leaky integrate-and-fire neurons (NIR LIF), by forward Euler, float and fixed point."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.errors import GraphError, UnsupportedError
from snnvae.primitive import Conventions, LavaForm, ResetMode, Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.neuron import (
    FixedNeuron,
    FloatNeuron,
    fixed_decay,
    fixed_start,
    fixed_threshold,
    lif_reset,
)
from snnvae.primitives.parameters import FixedBias, decay_per_step, first_membrane, uniform


@dataclass(frozen=True, eq=False)
class LIF(FloatNeuron):
    """``v += dt/τ·(v_leak − v + R·I)``; spike where v > v_threshold; then v = v_reset.

    With reset "subtract", v −= v_threshold instead. Held in the coordinate where v_reset is 0 and
    the gain dt/τ·R is in the weights: ``v[t] = (1 − dv)·v[t−1] + I[t] + bias``, with dv = dt/τ,
    threshold = v_threshold − v_reset, origin = v_reset. Each is a scalar or of the layer's shape.
    """

    dv: np.ndarray
    threshold: np.ndarray
    origin: np.ndarray
    reset: ResetMode = "zero"
    nir_types = (nir.LIF,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[LIF, np.ndarray]:
        """From a NIR LIF; the gain is dt/τ·R."""
        dv = decay_per_step(node.tau, conventions.dt)
        leak, rest = uniform(node.v_leak), uniform(node.v_reset)
        origin = rest if conventions.reset == "zero" else np.zeros(())
        threshold = uniform(node.v_threshold) - origin
        if not (threshold > 0).all():
            raise GraphError("v_threshold must lie above v_reset")
        first = first_membrane(conventions, leak, rest)
        bias, start = dv * (leak - origin), uniform(first - origin)
        return cls(bias, start, dv, threshold, origin, conventions.reset), dv * uniform(node.r)

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The equation above; spikes are bool."""
        v = v * (1 - self.dv) + current + self.bias
        spikes = v > self.threshold
        after = np.float64(0) if self.reset == "zero" else v - self.threshold
        return spikes, np.where(spikes, after, v)

    def to_real(self, v: np.ndarray, scale: float) -> np.ndarray:
        """Back to NIR's coordinate."""
        return v + self.origin

    def quantise(self, scale: float) -> FixedLIF:
        """Decay, threshold and bias rounded; the weights are rounded elsewhere."""
        return FixedLIF(
            FixedBias.of(self.bias, scale),
            fixed_start(self.start, scale),
            fixed_decay(self.dv),
            fixed_threshold(self.threshold, scale),
            self.origin,
            self.reset,
        )

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset."""
        return _stock(self, shape, interval, offset)


@dataclass(frozen=True, eq=False)
class FixedLIF(FixedNeuron):
    """``v = clip24(decay(v, dv) + u + bias)``, u = wrap24(Σ w·s << 6).

    Spike where v > threshold << 6.
    The functions are those of `fixed_point`. threshold: 17 bits, in weight units; dv: 12 bits.
    """

    dv: np.ndarray
    threshold: np.ndarray
    origin: np.ndarray
    reset: ResetMode = "zero"

    @property
    def decay(self) -> np.ndarray:
        """dv."""
        return self.dv

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integer arithmetic; `current` is the sum of integer weights."""
        v = fixed_point.integrate(v, current, self.dv, self.bias.value)
        threshold = self.threshold << fixed_point.ACTIVATION_SHIFT
        spikes = v > threshold
        after = np.int64(0) if self.reset == "zero" else v - threshold
        return spikes, np.where(spikes, after, v)

    def to_real(self, v: np.ndarray, scale: float) -> np.ndarray:
        """Integer membrane → NIR's units and coordinate."""
        real: np.ndarray = super().to_real(v, scale) + self.origin
        return real

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset."""
        return _stock(self, shape, interval, offset)


def _stock(neuron: LIF | FixedLIF, shape: Shape, interval: int, offset: int) -> LavaForm:
    if neuron.reset != "zero":
        raise UnsupportedError("resets by subtraction, which no stock Lava process does")
    return lif_reset(
        neuron,
        shape,
        dv=neuron.dv,
        threshold=neuron.threshold,
        interval=interval,
        offset=offset,
    )
