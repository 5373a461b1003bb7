"""Loops: which edges of a cycle carry the step that NIR leaves out, and the order of one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import networkx as nx

from snnvae.errors import LoopError

Edge = tuple[str, str]
SHOWN = 6
"""Edges that a question lists."""


def implicit_delays(
    populations: Sequence[str],
    inputs: Sequence[str],
    immediate: Iterable[Edge],
    *,
    by_name: bool = False,
) -> set[Edge]:
    """Edges that must carry one step so that the rest has no cycle.

    A cycle with an explicit Delay is not closed by `immediate` edges. In every other one, the edges
    from inside the strongly connected component into its header (the population that is fewest
    edges away from the inputs) carry the step; repeated, as an inner cycle may remain.

    Several populations may be as near. LoopError where then the result depends on which of them
    is taken first: nothing but their names could tell. `by_name`: they may, as for a picture.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(populations)
    graph.add_edges_from(immediate)
    rank = _rank_from(graph, inputs)
    carried: set[Edge] = set()
    while loops := [c for c in nx.strongly_connected_components(graph) if _is_loop(graph, c)]:
        for component in loops:
            nearest = min(rank.get(name, len(graph)) for name in component)
            headers = {name for name in component if rank.get(name, len(graph)) == nearest}
            if by_name:
                headers = {min(headers)}
            _check_order_is_free(graph, component, headers)
            back = [(a, b) for b in headers for a in graph.predecessors(b) if a in component]
            graph.remove_edges_from(back)
            carried.update(back)
    return carried


def _check_order_is_free(graph: nx.DiGraph, component: set[str], headers: set[str]) -> None:
    """LoopError unless the headers open the same edges, whichever of them comes first.

    An edge x → h is open in any order if h reaches x by a way past the other headers: that loop no
    other header opens. If there is none, the others open every loop that the edge is part of.
    """
    disputed = set()
    for header in headers if len(headers) > 1 else ():
        own = graph.subgraph(component - (headers - {header}))
        loop = {header, *nx.descendants(own, header)}
        disputed |= {(a, header) for a in graph.predecessors(header) if a in component - loop}
    if disputed:
        names = ", ".join(f"'{name}'" for name in sorted(headers)[:SHOWN])
        edges = " or ".join(f"{a},{b}" for a, b in sorted(disputed)[:SHOWN])
        raise LoopError(
            f"the populations {names} are in one loop without a Delay, and the inputs reach none "
            "of them first, so nothing says which edge carries the step of the loop, and the "
            f"result depends on it; pass `delay_edges` {edges} (or several of them), or put a "
            "Delay of dt into the graph"
        )


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
