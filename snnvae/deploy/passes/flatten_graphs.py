"""Nested graphs become part of the outer one: node "x" of graph "g" is then called "g.x"."""

from __future__ import annotations

import nir
import numpy as np

from snnvae.deploy.graph import Edge, build_graph, contracted, unused_name
from snnvae.deploy.shapes import out_shape


def flatten_graphs(graph: nir.NIRGraph) -> nir.NIRGraph:
    """The same network without nesting; the ports of the inner graphs are gone."""
    while nested := [n for n, node in graph.nodes.items() if isinstance(node, nir.NIRGraph)]:
        graph = _inline(graph, nested[0])
    return graph


def _inline(graph: nir.NIRGraph, outer: str) -> nir.NIRGraph:
    inner = graph.nodes[outer]
    names: dict[str, str] = {}
    for name in inner.nodes:
        names[name] = unused_name(f"{outer}.{name}", [*graph.nodes, *names.values()])
    entry = next(names[n] for n, node in inner.nodes.items() if isinstance(node, nir.Input))
    leave = next(names[n] for n, node in inner.nodes.items() if isinstance(node, nir.Output))
    nodes: dict[str, nir.NIRNode] = {}
    for name, node in graph.nodes.items():
        if name == outer:
            nodes.update({names[n]: inside for n, inside in inner.nodes.items()})
        else:
            nodes[name] = node
    edges: list[Edge] = [
        (leave if a == outer else a, entry if b == outer else b) for a, b in graph.edges
    ]
    edges += [(names[a], names[b]) for a, b in inner.edges]
    for port in (entry, leave):
        # Ports only pass on; where taking one out would merge two edges, it stays as a factor of 1.
        rest = contracted(edges, port)
        if rest is None:
            nodes[port] = nir.Scale(np.ones(out_shape(nodes[port])))
        else:
            del nodes[port]
            edges = rest
    return build_graph(nodes, edges, graph.metadata)
