"""Leaky integrators without spikes (NIR LI): readouts."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.neuron import ZERO, FloatNeuron
from snnvae.primitives.parameters import (
    decay_per_step,
    first_membrane,
    gain_per_step,
    uniform,
)


@dataclass(frozen=True, eq=False)
class LeakyIntegrator(FloatNeuron):
    """``v += dt/τ·(v_leak − v + R·I)``; the output is v.

    dv = dt/τ, bias = dv·v_leak, gain dv·R.
    """

    nir_types = (nir.LI,)

    @classmethod
    def from_nir(
        cls, node: nir.NIRNode, conventions: Conventions
    ) -> tuple[LeakyIntegrator, np.ndarray]:
        """Reads a NIR LI."""
        dv, leak = decay_per_step(node.tau, conventions), uniform(node.v_leak)
        start = first_membrane(conventions, leak, ZERO)
        gain = gain_per_step(node.tau, node.r, conventions, synaptic=True)
        return cls(dv=dv, bias=dv * leak, start=start), gain
