"""What the file leaves open: nodes that lead nowhere go, and a graph without outputs gets them."""

from __future__ import annotations

import nir

from snnvae import primitives
from snnvae.deploy.graph import build_graph, successors, unused_name
from snnvae.deploy.shapes import out_shape
from snnvae.errors import GraphError


def open_ends(graph: nir.NIRGraph) -> nir.NIRGraph:
    """Drops `dead_ends`; without any Output, each population that no other reads gets one.

    Neurons stay, even where no output depends on them: a recording holds their spikes.
    """
    dropped = set(dead_ends(graph))
    nodes = {name: node for name, node in graph.nodes.items() if name not in dropped}
    edges = [(a, b) for a, b in graph.edges if b not in dropped]
    if not any(isinstance(node, nir.Output) for node in nodes.values()):
        read = {a for a, _ in edges}
        last = [n for n, node in nodes.items() if _is_neuron(node) and n not in read]
        if not any(map(_is_neuron, nodes.values())):
            raise GraphError("the graph has no neurons; write them, or another file is meant")
        if not last:
            raise GraphError(
                "the graph has no output, and each of its populations is read by another one; "
                "connect an Output node"
            )
        for name in last:
            wanted = "output" if len(last) == 1 else f"{name}.output"
            output = unused_name(wanted, nodes)
            nodes[output] = nir.Output({"output": out_shape(graph.nodes[name])})
            edges.append((name, output))
    return build_graph(nodes, edges, graph.metadata)


def dead_ends(graph: nir.NIRGraph) -> tuple[str, ...]:
    """Nodes between populations that lead to none, and to no output, in the graph's order."""
    follow, dead = successors(graph), set[str]()
    while found := {
        name
        for name, node in graph.nodes.items()
        if name not in dead
        and not (_is_neuron(node) or isinstance(node, (nir.Input, nir.Output, nir.NIRGraph)))
        and dead.issuperset(follow[name])
    }:
        dead |= found
    return tuple(name for name in graph.nodes if name in dead)


def _is_neuron(node: nir.NIRNode) -> bool:
    return primitives.neuron_for(node) is not None
