"""What the values of a float program can be: the worst that any input could bring.

A scale must leave room for these; `calibrate.py` has ranges that were observed instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
import numpy as np

from snnvae.primitive import Synapse
from snnvae.primitives.of_layer import float_neuron
from snnvae.primitives.parameters import fixed_decay
from snnvae.program import Connection, Layer, Program

NOTHING = 1e-30
"""Stands for 0 where something is divided by it."""
Peaks = Mapping[str, np.ndarray]
"""Largest |membrane| of each neuron, flat, of layers that do not spike."""


class WorstCase:
    """Bounds that hold for every input within its stated range.

    The membrane of a layer that does not spike is bounded by the largest current, held as long as
    the neuron remembers it; where such membranes come back to where they came from, with no spikes
    in between, they are followed through the steps of a sample.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._looped: set[str] = set()
        self._peaks: dict[str, np.ndarray] = {}
        for group, loops in _silent(program):
            if loops:
                self._looped |= set(group)
                self._peaks |= followed_peaks(program, group, self._peaks)
            else:
                (layer,) = (program.layer(name) for name in group)
                self._peaks[layer.name] = held_peak(program, layer, self._peaks)

    def holds_rounded(self, layer: Layer) -> bool:
        """Tells whether the bound of a layer's membrane is to hold for the rounded weights too."""
        return layer.name not in self._looped

    def weights(self, c: Connection) -> np.ndarray:
        """Largest |weight| into each target, flat."""
        matrix = abs(c.synapse.matrix())
        return np.asarray(matrix.max(axis=1).todense()).reshape(-1)

    def currents(self, c: Connection) -> np.ndarray:
        """Largest |current| that the host sends to each target, flat."""
        return host_peak(c, self.program)

    def membranes(self, layer: Layer) -> np.ndarray:
        """Largest |membrane| of each neuron of a layer that does not spike, flat."""
        return self._peaks[layer.name]

    def graded(self, c: Connection, layer: Layer) -> np.ndarray:
        """Largest |u| of each neuron that the membranes of the connection's source give, flat."""
        sent = self.membranes(self.program.layer(c.source))
        held = flat(horizon(float_neuron(layer).du, self.program.steps), layer)
        return np.asarray(abs(c.synapse.matrix()) @ sent) * held


def _silent(program: Program) -> list[tuple[list[str], bool]]:
    """Layers that do not spike, those first whose membranes others get; (group, a loop?).

    Layers of a group are in the order of a step, in which `followed_peaks` must go.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(layer.name for layer in program.layers if not layer.neuron.spiking)
    graph.add_edges_from(
        (c.source, c.target)
        for c in program.connections
        if program.carries_membranes(c) and c.target in graph
    )
    condensed = nx.condensation(graph)
    members = [condensed.nodes[n]["members"] for n in nx.topological_sort(condensed)]
    groups = [[name for name in graph if name in among] for among in members]
    return [(group, len(group) > 1 or graph.has_edge(group[0], group[0])) for group in groups]


def held_peak(program: Program, layer: Layer, peaks: Peaks) -> np.ndarray:
    """Largest |membrane| of each neuron if the worst current lasts."""
    neuron = float_neuron(layer)
    low = high = np.zeros(layer.size)
    for c in program.into(layer.name):
        down, up = extremes(c.synapse, *_range(c, program, peaks))
        own = 0.0 if c.host_bias is None else c.host_bias.reshape(-1)
        low, high = low + down + own, high + up + own
    held_u, held_v = (flat(horizon(d, program.steps), layer) for d in (neuron.du, neuron.dv))
    bias = flat(neuron.bias, layer)
    return np.maximum(np.abs(low * held_u + bias), np.abs(high * held_u + bias)) * held_v


def followed_peaks(program: Program, loop: Sequence[str], peaks: Peaks) -> Peaks:
    """Largest |membrane| of each neuron of a loop: sums of absolute values, step after step."""
    layers = [program.layer(name) for name in loop]
    into = {name: [(c, abs(c.synapse.matrix())) for c in program.into(name)] for name in loop}
    v = {layer.name: flat(np.abs(float_neuron(layer).start), layer) + 0.0 for layer in layers}
    u = {layer.name: np.zeros(layer.size) for layer in layers}
    found = dict(v)
    for _ in range(program.steps):
        for layer in layers:
            neuron = float_neuron(layer)
            total = np.zeros(layer.size)
            for c, sizes in into[layer.name]:
                largest = v.get(c.source)
                if largest is None:
                    largest = np.maximum(*np.abs(_range(c, program, peaks)))
                bias = 0.0 if c.host_bias is None else np.abs(c.host_bias).reshape(-1)
                total = total + sizes @ np.broadcast_to(largest, sizes.shape[1]) + bias
            kept_u = 0.0 if neuron.du is None else flat(1 - neuron.du, layer)
            u[layer.name] = np.minimum(kept_u * u[layer.name] + total, 1 / NOTHING)
            more = u[layer.name] + flat(np.abs(neuron.bias), layer)
            now = flat(1 - neuron.dv, layer) * v[layer.name] + more
            v[layer.name] = np.minimum(now, 1 / NOTHING)
            found[layer.name] = np.maximum(found[layer.name], v[layer.name])
    return found


def _range(c: Connection, program: Program, peaks: Peaks) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value that a connection's source sends."""
    if c.on_host:
        port = program.input(c.source)
        return np.asarray(port.low), np.asarray(port.high)
    if program.carries_membranes(c):
        return -peaks[c.source], peaks[c.source]
    return np.zeros(()), np.ones(())


def extremes(
    synapse: Synapse, low: float | np.ndarray, high: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest current of each target for inputs within [low, high]."""
    matrix = synapse.matrix()
    up, down = matrix.maximum(0), matrix.minimum(0)
    if np.ndim(low) == 0 and np.ndim(high) == 0:
        up, down = up.sum(axis=1), down.sum(axis=1)
        return low * up + high * down, high * up + low * down
    return up @ low + down @ high, up @ high + down @ low


def host_peak(c: Connection, program: Program) -> np.ndarray:
    """Largest |current| of each target that values within the input's range can give."""
    port = program.input(c.source)
    low, high = extremes(c.synapse, port.low, port.high)
    bias = 0.0 if c.host_bias is None else c.host_bias.reshape(-1)
    return np.asarray(np.maximum(np.abs(low + bias), np.abs(high + bias)))


def horizon(decay: np.ndarray | None, steps: int) -> np.ndarray:
    """Steps' worth of current that a state can hold: 1/decay, or all T where it rounds to 0."""
    if decay is None:
        return np.ones(())
    remembers = fixed_decay(decay) == 0
    return np.where(remembers, steps, 1 / np.where(remembers, 1.0, decay))


def flat(values: np.ndarray, layer: Layer) -> np.ndarray:
    """One value per neuron of the layer, flat."""
    return np.broadcast_to(values, layer.shape).reshape(-1)
