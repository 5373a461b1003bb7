"""Building NIR graphs without NIR's side effects, and taking nodes out of them.

`nir.NIRGraph(...)` changes the dict and list that it is given, adds nodes of its own where an input
or output is missing, and infers wrong shapes for groups and for kernels that are not square.
Everything here hands it copies and works out the shapes itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

import networkx as nx
import nir

from snnvae.deploy.shapes import resolve_shapes
from snnvae.errors import GraphError

Edge = tuple[str, str]


def build_graph(
    nodes: Mapping[str, nir.NIRNode],
    edges: Iterable[Edge],
    metadata: Mapping[str, Any] | None = None,
) -> nir.NIRGraph:
    """A checked NIRGraph of copies, every node with its shapes; GraphError if it does not fit."""
    copies = {name: copy(node) for name, node in nodes.items()}
    given = [_pair(edge) for edge in edges]
    _check_structure(copies, given)
    for name, node in copies.items():
        if isinstance(node, nir.NIRGraph):
            try:
                copies[name] = build_graph(node.nodes, node.edges, node.metadata)
            except GraphError as error:
                raise GraphError(f"in subgraph '{name}': {error}") from None
    resolve_shapes(copies, given)
    return nir.NIRGraph(copies, given, metadata=dict(metadata or {}), type_check=False)


def _pair(edge: object) -> Edge:
    if not isinstance(edge, (tuple, list)) or len(edge) != 2:
        raise GraphError(f"edge {edge!r} is no pair of names")
    return str(edge[0]), str(edge[1])


def _check_structure(nodes: Mapping[str, nir.NIRNode], edges: list[Edge]) -> None:
    for name in nodes:
        if not isinstance(name, str) or name in ("", ".") or "/" in name or "\0" in name:
            raise GraphError(f"node name {name!r} cannot be stored; use letters, digits, '.', '_'")
    for edge in edges:
        for end in edge:
            if end not in nodes:
                raise GraphError(f"edge {edge} leads to '{end}', which is no node of the graph")
    if len(set(edges)) < len(edges):
        twice = next(edge for edge in edges if edges.count(edge) > 1)
        raise GraphError(f"edge {twice} stands twice; double the weights instead")
    sources, targets = {a for a, _ in edges}, {b for _, b in edges}
    for name in sorted(targets):
        if isinstance(nodes[name], nir.Input):
            raise GraphError(
                f"node '{name}' is an input, yet an edge leads into it; remove that edge"
            )
    lacking = [
        name
        for name, node in nodes.items()
        if (name not in sources and not isinstance(node, nir.Output))
        or (name not in targets and not isinstance(node, nir.Input))
    ]
    if lacking:
        raise GraphError(f"nodes {sorted(lacking)} lack an input or an output; connect them")


def successors(graph: nir.NIRGraph) -> dict[str, list[str]]:
    """Returns where each node's edges lead, in the order of the edges."""
    follow: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        follow[source].append(target)
    return follow


def predecessors(graph: nir.NIRGraph) -> dict[str, list[str]]:
    """Returns where each node's edges come from, in the order of the edges."""
    before: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        before[target].append(source)
    return before


def directed(graph: nir.NIRGraph) -> nx.DiGraph:
    """The graph's nodes and edges for networkx."""
    found = nx.DiGraph()
    found.add_nodes_from(graph.nodes)
    found.add_edges_from(graph.edges)
    return found


def unused_name(name: str, taken: Iterable[str]) -> str:
    """`name`, with '_' appended until nothing is called so."""
    names = set(taken)
    while name in names:
        name += "_"
    return name


def contracted(edges: Iterable[Edge], name: str) -> list[Edge] | None:
    """The edges without a node that only passes on what it gets.

    None where two ways between the same nodes would become one edge, which would lose a summand.
    """
    rest = [edge for edge in edges if name not in edge]
    into = [a for a, b in edges if b == name and a != name]
    out = [b for a, b in edges if a == name and b != name]
    joined = [(a, b) for a in into for b in out]
    if (name, name) in set(edges) or set(joined) & set(rest):
        return None
    return rest + joined
