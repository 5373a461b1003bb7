"""A delay between weights moves before them all, so that they can be merged."""

from __future__ import annotations

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import build_graph, predecessors, successors, unused_name
from snnvae.deploy.shapes import in_shape


def hoist_delays(graph: nir.NIRGraph) -> nir.NIRGraph:
    """``(W x)(t − d)`` as ``W (x(t − d))`` where other weights follow and W adds no bias.

    A bias would be there from the first step on instead of from step d on; such a delay stays.
    """
    while (name := _movable(graph)) is not None:
        graph = _hoisted(graph, name)
    return graph


def _movable(graph: nir.NIRGraph) -> str | None:
    """A delay between linear nodes, all of which before it are without a bias."""
    into, out = predecessors(graph), successors(graph)
    for name, node in graph.nodes.items():
        if not isinstance(node, nir.Delay) or name in into[name]:
            continue
        before = [graph.nodes[n] for n in into[name]]
        after = [graph.nodes[n] for n in out[name]]
        if all(_linear(n) and not _biased(n) for n in before) and any(_linear(n) for n in after):
            return name
    return None


def _linear(node: nir.NIRNode) -> bool:
    return primitives.synapse_for(node) is not None or isinstance(node, primitives.RESHAPES)


def _biased(node: nir.NIRNode) -> bool:
    return bool(np.any(getattr(node, "bias", 0)))


def _hoisted(graph: nir.NIRGraph, name: str) -> nir.NIRGraph:
    """Gives each linear node before the delay a copy, fed late, that leads where the delay did."""
    into, out = predecessors(graph), successors(graph)
    delay = graph.nodes[name].delay.flat[0]
    nodes = {n: node for n, node in graph.nodes.items() if n != name}
    edges = [edge for edge in graph.edges if name not in edge]
    for linear in into[name]:
        node = graph.nodes[linear]
        late = unused_name(f"{name}.{linear}", nodes)
        nodes[late] = nir.Delay(np.full(in_shape(node), delay))
        copy = unused_name(f"{linear}.{name}", nodes)
        nodes[copy] = node
        edges += [(source, late) for source in into[linear]] + [(late, copy)]
        edges += [(copy, target) for target in out[name]]
        if out[linear] == [name]:
            del nodes[linear]
            edges = [edge for edge in edges if linear not in edge]
    return build_graph(nodes, edges, graph.metadata)
