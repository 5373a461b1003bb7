"""Collecting the nodes of a NIR graph one after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import nir

from snnvae.deploy.graph import build_graph
from snnvae.errors import GraphError


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


__all__ = ["GraphBuilder", "build_graph"]
