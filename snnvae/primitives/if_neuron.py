"""Integrate-and-fire neurons without a leak (NIR IF)."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.conventions import Conventions
from snnvae.primitives.neuron import ZERO, FloatNeuron
from snnvae.primitives.parameters import (
    first_membrane,
    gain_without_leak,
    origin_and_threshold,
    uniform,
)


@dataclass(frozen=True, eq=False)
class IF(FloatNeuron):
    """``v += g·I``, g = R·dt or R; spike where v > v_threshold; then v = v_reset.

    dv = 0. Which g holds is a convention of the tool that wrote the file.
    """

    nir_types = (nir.IF,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, conventions: Conventions) -> tuple[IF, np.ndarray]:
        """Reads a NIR IF."""
        rest = uniform(node.v_reset)
        origin, threshold = origin_and_threshold(node.v_threshold, rest, conventions)
        neuron = cls(
            dv=ZERO,
            start=uniform(first_membrane(conventions, rest, rest) - origin),
            threshold=threshold,
            origin=origin,
            reset=conventions.reset,
            fires_at_threshold=conventions.spike == "reached",
        )
        return neuron, gain_without_leak(node.r, conventions)
