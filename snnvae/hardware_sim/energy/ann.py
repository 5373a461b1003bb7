"""The ANN of the same topology, run once: what the spiking network is compared with.

Every connection of the program once, exact at the borders, BatchNorm folded into the weights, a
bias and an activation function per neuron (an addition each). Of a loop, such as FSVAE's sampler,
the twin runs each layer once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.hardware_sim.counts import is_shared
from snnvae.program import Connection, Program


@dataclass(frozen=True)
class AnnConnection:
    """One connection: multiply-accumulates of one pass, and weights to be read for it."""

    name: str
    macs: int
    weights: int


@dataclass(frozen=True)
class AnnTwin:
    """The twin's work for one sample.

    adds: biases and activation functions. activations: reads and writes at ideal reuse: a layer's
    values are written once and read once, an input's read once, an output's written once.
    """

    connections: tuple[AnnConnection, ...]
    adds: int
    activations: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return sum(c.macs for c in self.connections)

    @property
    def weights(self) -> int:
        """Weights, each read once at ideal reuse."""
        return sum(c.weights for c in self.connections)

    def quantities(self, reuse: bool) -> dict[str, int]:
        """Term → count; with memory at ideal reuse, or compute only."""
        compute = {"mac": self.macs, "add": self.adds}
        memory = {"weight": self.weights, "activation": self.activations}
        return {**compute, **memory} if reuse else compute


def ann_twin(program: Program) -> AnnTwin:
    """The twin of a program.

    A shared kernel counts in full; of other connections the weights that are not zero, as for the
    spiking network.
    """
    connections = tuple(_connection(c) for c in program.connections)
    inputs = sum(int(np.prod(i.shape)) for i in program.inputs)
    fed = {c.source for c in program.connections}
    written = sum(layer.size for layer in program.layers)
    read = inputs + sum(layer.size for layer in program.layers if layer.name in fed)
    activated = sum(layer.size for layer in program.layers if layer.neuron.spiking)
    return AnnTwin(connections, adds=written + activated, activations=written + read)


def _connection(c: Connection) -> AnnConnection:
    if is_shared(c.synapse):
        return AnnConnection(c.name, c.synapse.macs(), int(c.synapse.weight.size))
    nonzero = int(c.synapse.fan_out_effective().sum())
    return AnnConnection(c.name, nonzero, nonzero)
