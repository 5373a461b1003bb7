"""Leaky integrate-and-fire neurons with a synaptic current (NIR CubaLIF)."""

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
class CubaLIF(FloatNeuron):
    """``I += dt/τ_syn·(w_in·S − I)``; ``v += dt/τ_mem·(v_leak − v + R·I)``; then as LIF.

    The membrane sees the current of the same step. u is dt/τ_mem·R·I: du = dt/τ_syn, dv =
    dt/τ_mem, gain du·w_in·dv·R.
    """

    nir_types = (nir.CubaLIF,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[CubaLIF, np.ndarray]:
        """Reads a NIR CubaLIF."""
        dv, gain = membrane_and_gain(node, conventions)
        leak, rest = uniform(node.v_leak), uniform(node.v_reset)
        origin, threshold = origin_and_threshold(node.v_threshold, rest, conventions)
        neuron = cls(
            dv=dv,
            bias=dv * (leak - origin),
            start=uniform(first_membrane(conventions, leak, rest) - origin),
            du=decay_per_step(node.tau_syn, conventions),
            threshold=threshold,
            origin=origin,
            reset=conventions.reset,
            fires_at_threshold=conventions.spike == "reached",
        )
        return neuron, gain


def membrane_and_gain(node: nir.NIRNode, conventions: Conventions) -> tuple[np.ndarray, np.ndarray]:
    """dv and the gain of a node with a synaptic current."""
    dv = decay_per_step(node.tau_mem, conventions)
    to_current = gain_per_step(node.tau_syn, node.w_in, conventions, synaptic=True)
    return dv, to_current * gain_per_step(node.tau_mem, node.r, conventions)
