"""Counts of whole networks against a loop over spikes and single synapses.

The loop takes the graph as it was written: which synapse joins what, torch says (the answer of each
node to one spike), and which spike arrives when, the delays on the edges say.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import Any

import nir
import numpy as np
import pytest
import torch
from convolutions import sparse_weight, torch_forward
from random_graphs import random_graph, random_streams

from snnvae.deploy.compile import compile_graph
from snnvae.export.builder import build_graph
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.counts import Counts
from snnvae.options import Options
from snnvae.primitive import Synapse
from snnvae.primitives import NirConvTranspose2d, NirReshape
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

DT = 1e-3
SAMPLES, STEPS = 2, 7
Shape = tuple[int, ...]
POPULATIONS: dict[str, Shape] = {
    "in": (4, 7, 6),
    "a": (4, 4, 3),
    "b": (2, 3, 3),
    "c": (2, 2, 2),
    "d": (2, 3, 3),
    "e": (5,),
    "f": (3, 5),
}


@dataclass(frozen=True)
class Edge:
    """Weights between two populations, `delay` steps late."""

    source: str
    target: str
    node: nir.NIRNode
    delay: int = 0

    @property
    def name(self) -> str:
        return f"{self.source} to {self.target}"


def edges(zeros: bool) -> list[Edge]:
    """Every kind of weights; loops a→b→a, e→e and c→d→c; two ways into a, c and d."""
    rng = np.random.default_rng(5)

    def weight(*shape: int) -> np.ndarray:
        return sparse_weight(rng, *shape) if zeros else rng.normal(0.2, 0.5, shape)

    def conv(size: Shape, weight: np.ndarray, *geometry: Any) -> nir.Conv2d:
        return nir.Conv2d(size, weight, *geometry, np.zeros(len(weight)))

    two, pool = np.array([2, 2]), nir.SumPool2d
    up = NirConvTranspose2d
    return [
        Edge("in", "a", conv((7, 6), weight(4, 2, 3, 3), 2, 1, 1, 2)),  # grouped
        Edge("b", "a", up((3, 3), weight(2, 4, 2, 1), 1, 0, 0, 1, 1, np.zeros(4)), 1),
        Edge("a", "b", conv((4, 3), weight(2, 4, 2, 2), 1, 1, (3, 2), 1)),  # dilated
        Edge("b", "c", pool(two, np.array([1, 1]), np.array([0, 0]))),
        Edge("d", "c", nir.AvgPool2d(two, two, np.array([1, 1])), 2),
        Edge("c", "d", up((2, 2), weight(2, 1, 2, 2), 2, 1, 1, 1, 2, np.zeros(2))),
        Edge("b", "d", conv((3, 3), weight(2, 1, 3, 3), 1, 1, 1, 2), 1),  # depthwise
        Edge("d", "e", nir.Linear(weight(5, 18))),
        Edge("e", "e", nir.Affine(weight(5, 5), np.zeros(5)), 3),
        Edge("e", "f", nir.Conv1d(5, weight(3, 1, 3), 1, 2, 2, 1, np.zeros(3))),  # in 1d
    ]


def graph(given: list[Edge]) -> nir.NIRGraph:
    """Each edge as source → (Flatten) → weights → (Delay) → target."""
    nodes: dict[str, nir.NIRNode] = {"in": nir.Input({"input": np.array(POPULATIONS["in"])})}
    for name, shape in list(POPULATIONS.items())[1:]:
        nodes[name] = nir.Threshold(np.full(shape, 0.3))
    pairs = []
    for edge in given:
        way = [edge.source]
        if isinstance(edge.node, (nir.Linear, nir.Affine)) and edge.source != "e":
            nodes["flat"] = nir.Flatten({"input": np.array(POPULATIONS[edge.source])}, 0, -1)
            way.append("flat")
        if isinstance(edge.node, nir.Conv1d):
            nodes["rows"] = NirReshape((5,), (1, 5))
            way.append("rows")
        nodes[edge.name] = edge.node
        way.append(edge.name)
        if edge.delay:
            late = f"{edge.name}, late"
            nodes[late] = nir.Delay(np.full(POPULATIONS[edge.target], edge.delay * DT))
            way.append(late)
        way.append(edge.target)
        pairs += pairwise(way)
    nodes["out"] = nir.Output({"output": np.array(POPULATIONS["f"])})
    return build_graph(nodes, [*pairs, ("f", "out")], {})


def answer(node: nir.NIRNode, x: torch.Tensor, ones: bool) -> torch.Tensor:
    """What torch makes of inputs (N, *shape); `ones`: with all weights 1."""
    functional = torch.nn.functional
    if isinstance(node, (nir.SumPool2d, nir.AvgPool2d)):
        size, stride, padding = (
            tuple(int(n) for n in pair) for pair in (node.kernel_size, node.stride, node.padding)
        )
        return functional.avg_pool2d(x, size, stride, padding)
    weight = torch.as_tensor(node.weight) ** (0 if ones else 1)
    if isinstance(node, (nir.Linear, nir.Affine)):
        return x.flatten(1) @ weight.T
    return torch_forward(node, weight, x)


def synapses(edge: Edge, ones: bool) -> np.ndarray:
    """(n_in, n_out): whether a synapse joins them, `ones`: also one of weight 0."""
    shape = POPULATIONS[edge.source]
    single = torch.eye(prod(shape), dtype=torch.float64)
    maps = (1, 5) if isinstance(edge.node, nir.Conv1d) else shape
    found = answer(edge.node, single.reshape(-1, *maps), ones)
    assert found[0].numel() == prod(POPULATIONS[edge.target])
    return found.flatten(1).numpy() != 0


def run(program: Program, stream: dict[str, np.ndarray]) -> tuple[Recording, Counts]:
    stimulus = Stimulus(stream, tuple(range(len(next(iter(stream.values()))))))
    recording = reference.run(program, stimulus)
    return recording, count(program, recording)


@pytest.mark.parametrize("zeros", [True, False])
def test_a_network_of_every_kind_of_weights_with_loops(zeros: bool) -> None:
    given = edges(zeros)
    program = compile_graph(graph(given), "float", Options(dt=DT)).program
    stream = np.random.default_rng(1).random((SAMPLES, STEPS, *POPULATIONS["in"])) < 0.2
    recording, counts = run(program, {"in": stream})
    found = {c.name: c for c in counts.connections}
    assert {c.name: c.delay for c in program.connections} == {e.name: e.delay for e in given}
    driven = {name: np.zeros((SAMPLES, STEPS, prod(s)), bool) for name, s in POPULATIONS.items()}
    for edge in given:
        joined, used = synapses(edge, ones=True), synapses(edge, ones=False)
        event, effective = np.zeros((2, SAMPLES), int)
        for b, t in product(range(SAMPLES), range(edge.delay, STEPS)):
            for source in np.flatnonzero(recording.spikes[edge.source][b, t - edge.delay]):
                event[b] += joined[source].sum()
                effective[b] += used[source].sum()
                driven[edge.target][b, t] |= used[source]
        counted = found[edge.name]
        assert counted.sop_event.tolist() == event.tolist(), edge.name
        assert counted.sop_effective.tolist() == effective.tolist(), edge.name
        assert counted.sop_dense.tolist() == [STEPS * joined.sum()] * SAMPLES, edge.name
        assert (counted.synapses, counted.nonzero) == (joined.sum(), used.sum()), edge.name
        assert (event > 0).all(), f"{edge.name}: its spikes test nothing"
    for layer in counts.layers:
        assert layer.driven.tolist() == driven[layer.name].sum(axis=(1, 2)).tolist(), layer.name
        assert (layer.driven + layer.idle).tolist() == [STEPS * layer.neurons] * SAMPLES
        assert (
            layer.spikes.tolist()
            == recording.spikes[layer.name]
            .sum(axis=tuple(range(1, recording.spikes[layer.name].ndim)))
            .tolist()
        )


def one_by_one(synapse: Synapse) -> np.ndarray:
    """(n_in, n_out): the currents that a spike of each input gives."""
    single = np.eye(prod(synapse.in_shape)).reshape(-1, *synapse.in_shape)
    return synapse.apply(single).reshape(len(single), -1)


def assert_counted_spike_by_spike(
    program: Program, recording: Recording, counts: Counts, steps: int
) -> None:
    driven = {layer.name: np.zeros((steps, layer.size), bool) for layer in program.layers}
    for c, counted in zip(program.connections, counts.connections, strict=True):
        if counted.drive != "spikes":
            driven[c.target][:] = True
            continue
        joined = one_by_one(c.synapse.with_weight(np.ones_like(c.synapse.weight))) != 0
        used = one_by_one(c.synapse) != 0
        event = effective = 0
        for t in range(c.delay, steps):
            for source in np.flatnonzero(recording.spikes[c.source][0, t - c.delay]):
                event += joined[source].sum()
                effective += used[source].sum()
                driven[c.target][t] |= used[source]
        assert (counted.sop_event.item(), counted.sop_effective.item()) == (event, effective)
    for layer in counts.layers:
        assert layer.driven.item() == driven[layer.name].sum()


@pytest.mark.parametrize("batch", range(4))
def test_100_random_graphs(batch: int) -> None:
    """Pools, groups, loops, relays, analog inputs and merged maps, as they come."""
    for seed in range(25 * batch, 25 * batch + 25):
        case = random_graph(seed)
        program = compile_graph(case.graph, "float").program
        streams = random_streams(case, STEPS, seed)
        recording, counts = run(program, {name: s[None] for name, s in streams.items()})
        assert_counted_spike_by_spike(program, recording, counts, STEPS)
