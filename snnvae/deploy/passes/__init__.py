"""Graph passes, NIRGraph → NIRGraph, one per file: valid in, valid out, the same spikes.

Populations keep their names through all of them (those of a nested graph after its own name and a
dot), so that a recording speaks of the file's nodes.
"""

from __future__ import annotations

from collections.abc import Callable

import nir

from snnvae.deploy.graph import build_graph
from snnvae.deploy.passes.drop_idle import drop_idle
from snnvae.deploy.passes.flatten_graphs import flatten_graphs
from snnvae.deploy.passes.hoist_delays import hoist_delays
from snnvae.deploy.passes.insert_relays import relay_joins, relay_loops, relay_paths
from snnvae.deploy.passes.merge_linear import merge_linear
from snnvae.deploy.passes.open_ends import open_ends
from snnvae.deploy.passes.silent_readouts import silent_readouts
from snnvae.deploy.passes.split_delays import split_delays

Pass = Callable[[nir.NIRGraph], nir.NIRGraph]

PASSES: tuple[Pass, ...] = (
    flatten_graphs,
    open_ends,
    silent_readouts,
    drop_idle,
    relay_loops,
    relay_joins,
    split_delays,
    hoist_delays,
    merge_linear,
    relay_paths,
)
"""In this order they leave at most one weight node between two populations."""


def prepare(graph: nir.NIRGraph) -> nir.NIRGraph:
    """A copy after all passes."""
    graph = build_graph(graph.nodes, graph.edges, graph.metadata)
    for apply in PASSES:
        graph = apply(graph)
    return graph


__all__ = [
    "PASSES",
    "Pass",
    "drop_idle",
    "flatten_graphs",
    "hoist_delays",
    "merge_linear",
    "open_ends",
    "prepare",
    "relay_joins",
    "relay_loops",
    "relay_paths",
    "silent_readouts",
    "split_delays",
]
