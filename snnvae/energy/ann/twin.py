"""The ANN of the same topology, run once: what the spiking network is compared with.

Every connection of the program once, exact at the borders, BatchNorm folded into the weights, a
bias and an activation function per neuron (an addition each). Layers of a loop, such as FSVAE's
sampler, are run once for a sample, or where the program says so (`twin_passes`) at each step.
Inputs that the program says it is without (`twin_without`), such as random numbers, cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from snnvae.energy.conventions import Counting, ann_macs
from snnvae.energy.terms import Item
from snnvae.hardware_sim.counter import kind_of
from snnvae.hardware_sim.counts import Kind
from snnvae.program import Connection, Program

Reuse = Literal["compute only", "ideal reuse", "no reuse"]
"""Of memory: none counted; each value read once; a weight and a value read for every MAC."""


@dataclass(frozen=True)
class AnnConnection:
    """One connection: multiply-accumulates of one pass, and weights to be read for it.

    inputs, outputs: values that it reads and sums; address_adds: additions that find values and
    weights: inputs + outputs + C_out·(taps) of a kernel, else one per multiply-accumulate (Lemaire
    et al., ICONIP 2022).
    """

    name: str
    source: str
    target: str
    kind: Kind
    macs: int
    weights: int
    inputs: int
    outputs: int
    address_adds: int


@dataclass(frozen=True)
class AnnLayer:
    """One population: additions of biases and activation functions; values written and read."""

    name: str
    size: int
    adds: int
    written: int
    read: int


@dataclass(frozen=True)
class AnnTwin:
    """The twin's work for one sample. At ideal reuse a layer's values are written once and read
    once, an input's read once, an output's written once.
    """

    connections: tuple[AnnConnection, ...]
    layers: tuple[AnnLayer, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return sum(c.macs for c in self.connections)

    @property
    def weights(self) -> int:
        """Weights, each read once at ideal reuse."""
        return sum(c.weights for c in self.connections)

    @property
    def adds(self) -> int:
        """Biases and activation functions."""
        return sum(layer.adds for layer in self.layers)

    @property
    def activations(self) -> int:
        """Values written and read at ideal reuse."""
        return sum(layer.written + layer.read for layer in self.layers)

    def items(self, reuse: Reuse, active: Mapping[str, np.ndarray] | None = None) -> list[Item]:
        """Everything that the twin spends per sample.

        active: multiply-accumulates whose input is not zero, by connection, per sample (B,): then
        the others are skipped, but their inputs are read to see that they are zero.
        """
        sizes = {layer.name: layer.size for layer in self.layers}
        spent = [
            item
            for c in self.connections
            for item in _connection(
                c, reuse, sizes[c.source], None if active is None else active[c.name]
            )
        ]
        for layer in self.layers:
            spent.append(Item(layer.name, "add", np.asarray(layer.adds)))
            if reuse != "compute only":
                moved = layer.written + (layer.read if reuse == "ideal reuse" else 0)
                spent.append(Item(layer.name, "activation", np.asarray(moved), words=layer.size))
        return spent


def _connection(
    c: AnnConnection, reuse: Reuse, source: int, active: np.ndarray | None
) -> list[Item]:
    macs = np.asarray(c.macs) if active is None else active
    items = [
        Item(c.target, "mac", macs, c.kind),
        Item(c.target, "address", np.asarray(c.address_adds)),
    ]
    if reuse == "ideal reuse":
        items.append(Item(c.target, "weight", np.asarray(c.weights), c.kind, c.weights))
    elif reuse == "no reuse":
        looked_at = 0 if active is None else c.inputs
        items.append(Item(c.target, "weight", macs, c.kind, c.weights))
        items.append(Item(c.target, "activation", macs + looked_at, words=source))
    return items


def ann_twin(program: Program, counting: Counting = "exact") -> AnnTwin:
    """The twin of a program.

    A shared kernel counts in full; of other connections the weights that are not zero, as for the
    spiking network. What lies on a loop is run once, or where the program says so at each step.
    """
    passes = passes_of(program)
    without = program.twin_without
    connections = tuple(
        _twin_connection(c, counting, passes[c.target])
        for c in program.connections
        if c.source not in without
    )
    fed = {c.source for c in program.connections}
    inputs = (
        AnnLayer(i.name, prod(i.shape), 0, 0, prod(i.shape))
        for i in program.inputs
        if i.name not in without
    )
    layers = (
        AnnLayer(
            layer.name,
            layer.size,
            adds=passes[layer.name] * layer.size * (2 if layer.neuron.spiking else 1),
            written=passes[layer.name] * layer.size,
            read=passes[layer.name] * layer.size * int(layer.name in fed),
        )
        for layer in program.layers
    )
    return AnnTwin(connections, (*inputs, *layers))


def passes_of(program: Program) -> dict[str, int]:
    """How often the twin runs each layer for one sample."""
    often = program.steps if program.twin_passes == "each step" else 1
    return {n.name: often if often > 1 and n.name in program.looped else 1 for n in program.layers}


def _twin_connection(c: Connection, counting: Counting, passes: int) -> AnnConnection:
    kind, weight = kind_of(c.synapse), c.synapse.weight
    inputs, outputs = prod(c.synapse.in_shape), prod(c.synapse.out_shape)
    if kind == "kernel":
        macs, weights = c.synapse.macs(), int(weight.size)
        address_adds = inputs + outputs + weights // weight.shape[1]
    else:
        macs = weights = address_adds = int(c.synapse.fan_out_effective().sum())
    return AnnConnection(
        name=c.name,
        source=c.source,
        target=c.target,
        kind=kind,
        macs=passes * ann_macs(c.synapse, macs, counting),
        weights=weights,
        inputs=passes * inputs,
        outputs=passes * outputs,
        address_adds=passes * address_adds,
    )
