"""Neurons without memory: they see this step's current alone (NIR Threshold, our Relay)."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.neuron import ONE, FloatNeuron
from snnvae.primitives.nir_nodes import Relay as RelayNode
from snnvae.primitives.parameters import uniform


@dataclass(frozen=True, eq=False)
class Threshold(FloatNeuron):
    """``v = I + bias``; spike where v > threshold, and v = 0 there."""

    nir_types = (nir.Threshold,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[Threshold, np.ndarray]:
        """Reads a NIR Threshold; the gain is 1."""
        reached = conventions.spike == "reached"
        return cls(dv=ONE, threshold=uniform(node.threshold), fires_at_threshold=reached), ONE


@dataclass(frozen=True, eq=False)
class Relay(FloatNeuron):
    """``v = I + bias``; the output is v."""

    nir_types = (RelayNode,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[Relay, np.ndarray]:
        """Reads our Relay node; the gain is 1."""
        return cls(dv=ONE), ONE
