"""Loops: which edges of a cycle carry the step that NIR leaves out, and the order of one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import networkx as nx

Edge = tuple[str, str]


def implicit_delays(
    populations: Sequence[str], inputs: Sequence[str], immediate: Iterable[Edge]
) -> set[Edge]:
    """Edges that must carry one step so that the rest has no cycle.

    A cycle with an explicit Delay is not closed by `immediate` edges. In every other one, the edges
    from inside the strongly connected component into its header (the first population reached from
    the inputs, ties by name) carry the step; repeated, as an inner cycle may remain.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(populations)
    graph.add_edges_from(immediate)
    rank = _rank_from(graph, inputs)
    carried: set[Edge] = set()
    while loops := [c for c in nx.strongly_connected_components(graph) if _is_loop(graph, c)]:
        for component in loops:
            header = min(component, key=lambda name: (rank.get(name, len(graph)), name))
            back = [(a, header) for a in list(graph.predecessors(header)) if a in component]
            graph.remove_edges_from(back)
            carried.update(back)
    return carried


def step_order(populations: Sequence[str], immediate: Iterable[Edge]) -> list[str]:
    """Populations in the order of one logical step; ties in the order given."""
    graph = nx.DiGraph()
    graph.add_nodes_from(populations)
    graph.add_edges_from(immediate)
    position = {name: i for i, name in enumerate(populations)}
    return list(nx.lexicographical_topological_sort(graph, key=position.__getitem__))


def _is_loop(graph: nx.DiGraph, component: set[str]) -> bool:
    only = next(iter(component))
    return len(component) > 1 or graph.has_edge(only, only)


def _rank_from(graph: nx.DiGraph, inputs: Sequence[str]) -> dict[str, int]:
    """Distance from the inputs, in edges."""
    sources = [name for name in inputs if name in graph]
    layers = nx.bfs_layers(graph, sources) if sources else []
    return {name: depth for depth, names in enumerate(layers) for name in names}
