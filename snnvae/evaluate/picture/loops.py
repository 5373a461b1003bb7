"""Which edges close loops: they are drawn against the direction of all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
import nir

from snnvae.deploy.graph import Edge
from snnvae.deploy.loops import implicit_delays


def closing_edges(nodes: Mapping[str, nir.NIRNode], edges: Sequence[Edge]) -> set[Edge]:
    """Edges without which a graph has no cycle, found as the compiler finds the late ones.

    A loop closes behind its Delay; one without a Delay at the edges into the node that the inputs
    reach first, of several the first by name: here it decides nothing but the drawing.
    """
    loops = nx.strongly_connected_components(nx.DiGraph(edges))
    loop_of = {name: number for number, loop in enumerate(loops) for name in loop}
    delayed = {
        (a, b) for a, b in edges if isinstance(nodes[a], nir.Delay) and loop_of[a] == loop_of[b]
    }
    inputs = [name for name, node in nodes.items() if isinstance(node, nir.Input)]
    rest = [edge for edge in edges if edge not in delayed]
    return delayed | implicit_delays(tuple(nodes), inputs, rest, by_name=True)
