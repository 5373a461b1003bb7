"""Neurons without memory (NIR Threshold): they fire where this step's current exceeds a value."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.primitive import Conventions, LavaForm, Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.neuron import FixedNeuron, FloatNeuron, fixed_threshold, lif_reset
from snnvae.primitives.parameters import FixedBias, uniform


@dataclass(frozen=True, eq=False)
class Threshold(FloatNeuron):
    """``v = I + bias``; spike where v > threshold, and v = 0 there."""

    threshold: np.ndarray
    nir_types = (nir.Threshold,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[Threshold, np.ndarray]:
        """From a NIR Threshold; the gain is 1."""
        zero = np.zeros(())
        return cls(zero, zero, uniform(node.threshold)), np.ones(())

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The equation above; the old membrane has no effect."""
        v = current + self.bias
        spikes = v > self.threshold
        return spikes, np.where(spikes, 0.0, v)

    def quantise(self, scale: float) -> FixedThreshold:
        """Threshold and bias rounded; the weights are rounded elsewhere.

        UnsupportedError for a threshold below 0, which Loihi cannot hold.
        """
        if (self.threshold < 0).any():
            raise UnsupportedError("has a threshold below 0; raise it and add a bias instead")
        threshold = fixed_threshold(self.threshold, scale)
        return FixedThreshold(FixedBias.of(self.bias, scale), np.zeros((), np.int64), threshold)

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset that forgets at every step."""
        forget = np.ones(())
        return lif_reset(self, shape, dv=forget, threshold=self.threshold, interval=1, offset=0)


@dataclass(frozen=True, eq=False)
class FixedThreshold(FixedNeuron):
    """``v = clip24(u + bias)``; spike where v > threshold << 6, and v = 0 there."""

    threshold: np.ndarray

    @property
    def decay(self) -> np.ndarray:
        """It forgets: the whole of 2¹²."""
        return np.asarray(1 << fixed_point.DECAY_BITS)

    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integer arithmetic; the old membrane has no effect."""
        v = fixed_point.integrate(v, current, self.decay, self.bias.value)
        spikes = v > (self.threshold << fixed_point.ACTIVATION_SHIFT)
        return spikes, np.where(spikes, np.int64(0), v)

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset that forgets at every step."""
        forget = np.asarray(fixed_point.DECAY_MAX)
        return lif_reset(self, shape, dv=forget, threshold=self.threshold, interval=1, offset=0)
