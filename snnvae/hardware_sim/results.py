"""The arrays of a recording that a run of any of our engines fills, for all samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.program import Program


@dataclass(frozen=True)
class Results:
    """spikes (B, T, *shape) of layers that spike, final (B, *shape) of those that do not.

    membranes (B, T, *shape) of all layers, where they are recorded.
    """

    spikes: dict[str, np.ndarray]
    final: dict[str, np.ndarray]
    membranes: dict[str, np.ndarray]

    @classmethod
    def empty(cls, program: Program, batch: int, steps: int, membranes: bool) -> Results:
        """Makes empty results, to be filled."""
        number = np.float64 if program.precision == "float" else np.int64
        spiking = {layer.name: layer.neuron.spiking for layer in program.layers}
        layers = program.layers
        return cls(
            {n.name: np.empty((batch, steps, *n.shape), bool) for n in layers if spiking[n.name]},
            {n.name: np.empty((batch, *n.shape), number) for n in layers if not spiking[n.name]},
            {n.name: np.empty((batch, steps, *n.shape), number) for n in layers if membranes},
        )
