"""Relays: populations that only pass on, where the compiler needs one and there is none."""

from __future__ import annotations

import networkx as nx
import nir

from snnvae import primitives
from snnvae.deploy.graph import build_graph, directed, predecessors, unused_name
from snnvae.deploy.shapes import in_shape
from snnvae.primitives.nir_nodes import Relay


def relay_loops(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A relay in each loop that holds no neuron, before its first node by name."""
    while True:
        between = [n for n, node in graph.nodes.items() if not _is_population(node)]
        rest = directed(graph).subgraph(between)
        loops = [
            c
            for c in nx.strongly_connected_components(rest)
            if len(c) > 1 or rest.has_edge(*(2 * tuple(c)))
        ]
        if not loops:
            return graph
        graph = _relayed(graph, min(loops[0]), set(graph.nodes))


def relay_paths(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A relay between weights that could not be merged, and before each output that needs one.

    An output is a layer's; one that comes from weights, a delay, an input, or several layers at
    once gets a relay as its layer.
    """
    for name in list(graph.nodes):
        if primitives.synapse_for(graph.nodes[name]):
            behind = {before for before in predecessors(graph)[name] if _weighted(graph, before)}
            if behind:
                graph = _relayed(graph, name, behind)
    for name, node in list(graph.nodes.items()):
        if isinstance(node, nir.Output) and not _is_layers_own(graph, name):
            graph = _relayed(graph, name, set(graph.nodes))
    return graph


def _is_population(node: nir.NIRNode) -> bool:
    return isinstance(node, nir.Input) or primitives.neuron_for(node) is not None


def _weighted(graph: nir.NIRGraph, name: str) -> bool:
    """Whether weights lie on a way to this node (itself included) behind the last population."""
    node = graph.nodes[name]
    if primitives.synapse_for(node):
        return True
    if _is_population(node):
        return False
    return any(_weighted(graph, before) for before in predecessors(graph)[name])


def _is_layers_own(graph: nir.NIRGraph, name: str) -> bool:
    """Whether a single neuron node leads to this one, with nothing but reshapes between."""
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
