"""Leaky integrators with a synaptic current (NIR CubaLI)."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.cuba_lif import membrane_and_gain
from snnvae.primitives.neuron import ZERO, FloatNeuron
from snnvae.primitives.parameters import decay_per_step, first_membrane, uniform


@dataclass(frozen=True, eq=False)
class CubaLI(FloatNeuron):
    """``I += dt/τ_syn·(w_in·S − I)``; ``v += dt/τ_mem·(v_leak − v + R·I)``; the output is v."""

    nir_types = (nir.CubaLI,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[CubaLI, np.ndarray]:
        """Reads a NIR CubaLI."""
        dv, gain = membrane_and_gain(node, conventions)
        leak = uniform(node.v_leak)
        start = first_membrane(conventions, leak, ZERO)
        du = decay_per_step(node.tau_syn, conventions)
        return cls(dv=dv, bias=dv * leak, start=start, du=du), gain
