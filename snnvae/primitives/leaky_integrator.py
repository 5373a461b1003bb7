"""Leaky integrators without spikes (NIR LI): readouts."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.primitive import Conventions, LavaForm, Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.neuron import FixedNeuron, FloatNeuron, fixed_decay, fixed_start, lif_reset
from snnvae.primitives.parameters import FixedBias, decay_per_step, first_membrane, uniform


@dataclass(frozen=True, eq=False)
class LeakyIntegrator(FloatNeuron):
    """``v += dt/τ·(v_leak − v + R·I)``; the output is v.

    With the gain dt/τ·R in the weights: ``v[t] = (1 − dv)·v[t−1] + I[t] + bias``, dv = dt/τ.
    """

    dv: np.ndarray
    nir_types = (nir.LI,)
    spiking = False

    @classmethod
    def from_nir(
        cls, node: nir.NIRNode, conventions: Conventions
    ) -> tuple[LeakyIntegrator, np.ndarray]:
        """From a NIR LI; the gain is dt/τ·R."""
        dv, leak = decay_per_step(node.tau, conventions.dt), uniform(node.v_leak)
        start = first_membrane(conventions, leak, np.zeros(()))
        return cls(dv * leak, start, dv), dv * uniform(node.r)

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The equation above; the output is the membrane."""
        v = v * (1 - self.dv) + current + self.bias
        return v, v

    def quantise(self, scale: float) -> FixedLeakyIntegrator:
        """Decay and bias rounded; the weights are rounded elsewhere."""
        bias, start = FixedBias.of(self.bias, scale), fixed_start(self.start, scale)
        return FixedLeakyIntegrator(bias, start, fixed_decay(self.dv))

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset that never fires."""
        never = np.asarray(np.finfo(np.float64).max)
        return lif_reset(self, shape, dv=self.dv, threshold=never, interval=interval, offset=offset)


@dataclass(frozen=True, eq=False)
class FixedLeakyIntegrator(FixedNeuron):
    """``v = clip24(decay(v, dv) + u + bias)``, by `fixed_point`; the output is v.

    On Loihi it is a LIF with the largest threshold; the compiler keeps its membrane below that.
    """

    dv: np.ndarray
    spiking = False

    @property
    def decay(self) -> np.ndarray:
        """dv."""
        return self.dv

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integer arithmetic; `current` is the sum of integer weights."""
        v = fixed_point.integrate(v, current, self.dv, self.bias.value)
        return v, v

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset with the largest threshold."""
        largest = np.asarray(fixed_point.THRESHOLD_MAX)
        return lif_reset(
            self, shape, dv=self.dv, threshold=largest, interval=interval, offset=offset
        )
