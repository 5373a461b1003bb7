"""A delay per neuron becomes one branch for each value: a mask, then one delay for all."""

from __future__ import annotations

import nir
import numpy as np

from snnvae.deploy.graph import build_graph, predecessors, successors, unused_name


def split_delays(graph: nir.NIRGraph) -> nir.NIRGraph:
    """``y(t) = x(t − τ)`` as ``Σ_d (mask_d ⊙ x)(t − d)`` over the different delays d."""
    for name, node in list(graph.nodes.items()):
        if isinstance(node, nir.Delay) and len(np.unique(node.delay)) > 1:
            graph = _split(graph, name)
    return graph


def _split(graph: nir.NIRGraph, name: str) -> nir.NIRGraph:
    delays = graph.nodes[name].delay
    into, out = predecessors(graph)[name], successors(graph)[name]
    nodes = {n: node for n, node in graph.nodes.items() if n != name}
    edges = [edge for edge in graph.edges if name not in edge]
    for value in np.unique(delays):
        mask = unused_name(f"{name}.mask{value:g}", nodes)
        nodes[mask] = nir.Scale((delays == value).astype(np.float64))
        late = unused_name(f"{name}.delay{value:g}", nodes)
        nodes[late] = nir.Delay(np.full(delays.shape, value))
        edges += [(source, mask) for source in into] + [(mask, late)]
        edges += [(late, target) for target in out]
    return build_graph(nodes, edges, graph.metadata)
