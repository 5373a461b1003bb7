"""Leaky integrate-and-fire neurons (NIR LIF)."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.neuron import FloatNeuron
from snnvae.primitives.parameters import (
    decay_per_step,
    first_membrane,
    gain_per_step,
    origin_and_threshold,
    uniform,
)


@dataclass(frozen=True, eq=False)
class LIF(FloatNeuron):
    """``v += dt/τ·(v_leak − v + R·I)``; spike where v > v_threshold; then v = v_reset.

    dv = dt/τ, bias = dv·(v_leak − v_reset), gain dv·R. With a reset by subtraction v −=
    v_threshold instead, and the origin is 0.
    """

    nir_types = (nir.LIF,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[LIF, np.ndarray]:
        """Reads a NIR LIF."""
        dv = decay_per_step(node.tau, conventions)
        leak, rest = uniform(node.v_leak), uniform(node.v_reset)
        origin, threshold = origin_and_threshold(node.v_threshold, rest, conventions)
        neuron = cls(
            dv=dv,
            bias=dv * (leak - origin),
            start=uniform(first_membrane(conventions, leak, rest) - origin),
            threshold=threshold,
            origin=origin,
            reset=conventions.reset,
            fires_at_threshold=conventions.spike == "reached",
        )
        return neuron, gain_per_step(node.tau, node.r, conventions)
