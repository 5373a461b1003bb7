"""Integrators without leak and spikes (NIR I)."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.neuron import ZERO, FloatNeuron
from snnvae.primitives.parameters import gain_without_leak


@dataclass(frozen=True, eq=False)
class Integrator(FloatNeuron):
    """``v += g·I``, g = R·dt or R; the output is v.

    dv = 0; v starts at 0. Which g holds is a convention of the tool that wrote the file.
    """

    nir_types = (nir.I,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[Integrator, np.ndarray]:
        """Reads a NIR I."""
        return cls(dv=ZERO), gain_without_leak(node.r, conventions)
