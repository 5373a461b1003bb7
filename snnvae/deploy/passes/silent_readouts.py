"""A neuron with an infinite threshold is an idiom for one that only integrates."""

from __future__ import annotations

import nir
import numpy as np

from snnvae.deploy.graph import build_graph, successors
from snnvae.errors import GraphError

SPIKING = (nir.LIF, nir.IF, nir.CubaLIF)
_WRITTEN_AS = "snnvae_written_as"
"""In the metadata of a node that replaces one of another kind."""


def written_as(node: nir.NIRNode) -> str:
    """The kind of node that the graph held before this pass."""
    return str(node.metadata.get(_WRITTEN_AS, type(node).__name__))


def silent_readouts(graph: nir.NIRGraph) -> nir.NIRGraph:
    """Replaces neurons that cannot fire, before outputs, by those whose membrane is the output."""
    follow, nodes = successors(graph), dict(graph.nodes)
    for name, node in graph.nodes.items():
        if not isinstance(node, SPIKING) or np.isfinite(node.v_threshold).all():
            continue
        if not np.isposinf(node.v_threshold).all():
            raise GraphError(
                f"node '{name}' ({type(node).__name__}) has thresholds that are not finite beside "
                "others that are; give those neurons that must not fire a population of their own"
            )
        readers = [n for n in follow[name] if not isinstance(graph.nodes[n], nir.Output)]
        if readers:
            raise GraphError(
                f"node '{name}' ({type(node).__name__}) has an infinite threshold, so that "
                f"'{readers[0]}' never gets a spike; write an LI, whose membrane its readers get"
            )
        nodes[name] = _integrator(node)
        nodes[name].metadata = {_WRITTEN_AS: type(node).__name__}
    return build_graph(nodes, graph.edges, graph.metadata)


def _integrator(node: nir.NIRNode) -> nir.NIRNode:
    if isinstance(node, nir.LIF):
        return nir.LI(tau=node.tau, r=node.r, v_leak=node.v_leak)
    if isinstance(node, nir.IF):
        return nir.I(r=node.r)
    return nir.CubaLI(
        tau_syn=node.tau_syn, tau_mem=node.tau_mem, r=node.r, v_leak=node.v_leak, w_in=node.w_in
    )
