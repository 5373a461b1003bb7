"""Relays: populations that only pass on, where the compiler needs one and there is none."""

from __future__ import annotations

import networkx as nx
import nir

from snnvae import primitives
from snnvae.deploy.graph import build_graph, directed, predecessors, unused_name
from snnvae.deploy.shapes import in_shape
from snnvae.errors import GraphError
from snnvae.primitives.nir_nodes import Relay


def relay_loops(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A relay in each loop that holds no neuron, before the node where the loop is entered.

    Where a Delay closes the loop the place does not matter: before its first node by name. Else the
    relay is where the loop's step is carried; GraphError if the loop is not entered at one node.
    """
    while True:
        rest = directed(graph, _between(graph))
        loops = [
            c
            for c in nx.strongly_connected_components(rest)
            if len(c) > 1 or rest.has_edge(*(2 * tuple(c)))
        ]
        if not loops:
            return graph
        graph = _relayed(graph, _head(graph, loops[0]), set(graph.nodes))


def _head(graph: nir.NIRGraph, loop: set[str]) -> str:
    late = {n for n in loop if isinstance(d := graph.nodes[n], nir.Delay) and (d.delay > 0).all()}
    if nx.is_directed_acyclic_graph(directed(graph, loop - late)):
        return min(loop)
    entries = sorted({b for a, b in graph.edges if b in loop and a not in loop})
    if len(entries) != 1:
        where = " and ".join(f"'{name}'" for name in entries) or "no node"
        raise GraphError(
            f"a loop without neurons and without a Delay is entered at {where}, so nothing says "
            f"where it carries a step (it holds '{min(loop)}'); put a Delay of dt into it"
        )
    return entries[0]


MAX_WAYS = 16
"""Ways between two populations beyond which a relay sums them up."""


def relay_joins(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A relay where so many ways meet without neurons that each by itself would be too many.

    Linear branches that part and meet again and again have ways that double each time.
    """
    into = predecessors(graph)
    ways: dict[str, int] = {}
    crowded = []
    for name in nx.topological_sort(directed(graph, _between(graph))):
        ways[name] = sum(ways.get(before, 1) for before in into[name])
        if ways[name] > MAX_WAYS:
            crowded.append(name)
            ways[name] = 1
    for name in crowded:
        graph = _relayed(graph, name, set(graph.nodes))
    return graph


def relay_paths(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A relay between weights that could not be merged, and before each output that needs one.

    An output is a layer's; one that comes from weights, a delay, an input, or several layers at
    once gets a relay as its layer.
    """
    into, weighted = predecessors(graph), _behind_weights(graph)
    for name in into:
        if primitives.synapse_for(graph.nodes[name]):
            behind = weighted.intersection(into[name])
            if behind:
                graph = _relayed(graph, name, behind)
    for name, node in list(graph.nodes.items()):
        if isinstance(node, nir.Output) and not _is_layers_own(graph, name):
            graph = _relayed(graph, name, set(graph.nodes))
    return graph


def _is_population(node: nir.NIRNode) -> bool:
    return isinstance(node, nir.Input) or primitives.neuron_for(node) is not None


def _between(graph: nir.NIRGraph) -> set[str]:
    return {name for name, node in graph.nodes.items() if not _is_population(node)}


def _behind_weights(graph: nir.NIRGraph) -> set[str]:
    """Weights, and nodes between them and the next population."""
    rest = directed(graph, _between(graph))
    found: set[str] = set()
    for name in nx.topological_sort(rest):
        if primitives.synapse_for(graph.nodes[name]) or found.intersection(rest.predecessors(name)):
            found.add(name)
    return found


def _is_layers_own(graph: nir.NIRGraph, name: str) -> bool:
    """Tells whether a single neuron node leads to this one, with nothing but reshapes between."""
    before = predecessors(graph)[name]
    while len(before) == 1 and isinstance(graph.nodes[before[0]], primitives.RESHAPES):
        before = predecessors(graph)[before[0]]
    return len(before) == 1 and primitives.neuron_for(graph.nodes[before[0]]) is not None


def _relayed(graph: nir.NIRGraph, name: str, sources: set[str]) -> nir.NIRGraph:
    """A relay before `name` for what comes from `sources`."""
    relay = unused_name(f"{name}.relay", graph.nodes)
    nodes = {**graph.nodes, relay: Relay(in_shape(graph.nodes[name]))}
    edges = [(a, relay if b == name and a in sources else b) for a, b in graph.edges]
    return build_graph(nodes, [*edges, (relay, name)], graph.metadata)
