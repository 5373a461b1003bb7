"""Drops what has no effect: factors of 1, delays of 0, reshapes to the same shape."""

from __future__ import annotations

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import build_graph, contracted
from snnvae.deploy.shapes import in_shape, out_shape


def drop_idle(graph: nir.NIRGraph) -> nir.NIRGraph:
    """Drops nodes that only pass on. Neurons stay, even where no output depends on them."""
    nodes, edges = dict(graph.nodes), list(graph.edges)
    for name in [name for name, node in nodes.items() if _passes_on(node)]:
        rest = contracted(edges, name)
        if rest is not None:
            del nodes[name]
            edges = rest
    return build_graph(nodes, edges, graph.metadata)


def _passes_on(node: nir.NIRNode) -> bool:
    if isinstance(node, nir.Scale):
        return bool(np.all(node.scale == 1))
    if isinstance(node, nir.Delay):
        return bool(np.all(node.delay == 0))
    return isinstance(node, primitives.RESHAPES) and in_shape(node) == out_shape(node)
