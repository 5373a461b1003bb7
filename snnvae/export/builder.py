"""Building NIR graphs without NIR's side effects.

`nir.NIRGraph(...)` changes the dict and list that it is given and adds nodes of its own where an
input or output is missing; everything here hands it copies and checks that it added nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

import nir

from snnvae.errors import GraphError


def build_graph(
    nodes: Mapping[str, nir.NIRNode],
    edges: Iterable[tuple[str, str]],
    metadata: Mapping[str, Any] | None = None,
) -> nir.NIRGraph:
    """A checked NIRGraph of copies; GraphError with NIR's own words if it does not fit together."""
    wanted = {name: copy(node) for name, node in nodes.items()}
    given = list(edges)
    for name in wanted:
        if not name or "/" in name:
            raise GraphError(f"node name {name!r} cannot be stored; use letters, digits, '.', '_'")
    try:
        graph = nir.NIRGraph(dict(wanted), list(given), metadata=dict(metadata or {}))
    except (ValueError, AssertionError, NotImplementedError) as error:
        raise GraphError(
            f"the graph does not fit together: {' '.join(str(error).split())}"
        ) from None
    if added := set(graph.nodes) - set(wanted):
        raise GraphError(f"nodes {sorted(added)} lack an input or an output; connect them")
    return graph


class GraphBuilder:
    """Collects nodes in order and chains them."""

    def __init__(self) -> None:
        self.nodes: dict[str, nir.NIRNode] = {}
        self.edges: list[tuple[str, str]] = []

    def add(self, name: str, node: nir.NIRNode, after: str | Iterable[str] = ()) -> str:
        """Add a node fed by the nodes named in `after`; returns its name."""
        if name in self.nodes:
            raise GraphError(f"two nodes are called '{name}'; rename one")
        self.nodes[name] = node
        sources = (after,) if isinstance(after, str) else tuple(after)
        self.edges.extend((source, name) for source in sources)
        return name

    def connect(self, source: str, target: str) -> None:
        """An edge between nodes that exist (such as one that closes a loop)."""
        self.edges.append((source, target))

    def build(self, metadata: Mapping[str, Any]) -> nir.NIRGraph:
        """The checked graph."""
        return build_graph(self.nodes, self.edges, metadata)
