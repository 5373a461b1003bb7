"""Weights that follow one another without neurons between them are multiplied into one node."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import Edge, build_graph, directed, unused_name
from snnvae.deploy.shapes import in_shape
from snnvae.primitive import Synapse
from snnvae.primitives.compose import compose, to_nodes

Weights = tuple[Synapse, np.ndarray | None]


def merge_linear(graph: nir.NIRGraph) -> nir.NIRGraph:
    """``W₂(W₁x + b₁) + b₂`` as ``(W₂W₁)x + (W₂b₁ + b₂)``: scales, pools, maps in a row.

    Exact but for the rounding of the products of weights. Products that would be too large are left
    as they are. Merged nodes are called "first+second". The graph has no loop without neurons.
    """
    merge = _Merge(graph)
    for name in nx.topological_sort(directed(graph, merge.passing)):
        if name in merge.weights:
            merge.absorb(name)
    return merge.result(graph)


class _Merge:
    """The graph while its weights are merged. `merged` ones are not yet NIR nodes."""

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.nodes: dict[str, nir.NIRNode] = dict(graph.nodes)
        self.edges: list[Edge] = list(graph.edges)
        self.weights: dict[str, Weights] = {}
        self.merged: dict[str, Weights] = {}
        for name, node in graph.nodes.items():
            kind = primitives.synapse_for(node)
            if kind is not None:
                self.weights[name] = kind.from_nir(node, in_shape(node))
        flattens = [
            name for name, node in graph.nodes.items() if isinstance(node, primitives.RESHAPES)
        ]
        self.passing = {*self.weights, *flattens}

    def absorb(self, name: str) -> None:
        """Replace every way weights → (Flatten …) → `name` by one map."""
        ways = list(self._ways(name))
        second, bias = self.weights[name]
        products = {
            i: product
            for i, way in enumerate(ways)
            if way[0] in self.weights
            and (product := compose(second, self.weights[way[0]][0])) is not None
        }
        if not products:
            return
        self.edges = [edge for edge in self.edges if edge[1] != name]
        rest = [way for i, way in enumerate(ways) if i not in products]
        for i, product in products.items():
            first = ways[i][0]
            own = _through(second, self.weights[first][1])
            if not rest and bias is not None:
                own, bias = (bias if own is None else own + bias), None
            new = unused_name(f"{first}+{name}", self.nodes)
            self.nodes[new] = self.nodes[name]
            self.weights[new] = self.merged[new] = (product, own)
            self.edges += [(a, new) for a, b in self.edges if b == first]
            self.edges += [(new, b) for a, b in self.edges if a == name]
        for way in rest:
            self._lead(way, name)
        if not rest:
            self._remove(name)
        self._sweep()

    def _ways(self, name: str, via: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        """(source, Flatten, …) for every way that leads to `name` through Flatten nodes alone."""
        for before in [a for a, b in self.edges if b == name]:
            if isinstance(self.nodes[before], primitives.RESHAPES):
                yield from self._ways(before, (before, *via))
            else:
                yield (before, *via)

    def _lead(self, way: tuple[str, ...], name: str) -> None:
        """A way of its own, its Flatten nodes being copies."""
        at, *flattens = way
        for flatten in flattens:
            copy = unused_name(flatten, self.nodes)
            self.nodes[copy] = self.nodes[flatten]
            self.edges.append((at, copy))
            at = copy
        self.edges.append((at, name))

    def _remove(self, name: str) -> None:
        self.edges = [edge for edge in self.edges if name not in edge]
        for table in (self.nodes, self.weights, self.merged):
            table.pop(name, None)

    def _sweep(self) -> None:
        """Remove weights and reshapes that lead nowhere any more."""
        while True:
            leading = {a for a, _ in self.edges}
            idle = [
                name
                for name, node in self.nodes.items()
                if name not in leading
                and (name in self.weights or isinstance(node, primitives.RESHAPES))
            ]
            if not idle:
                return
            for name in idle:
                self._remove(name)

    def result(self, graph: nir.NIRGraph) -> nir.NIRGraph:
        """The graph with NIR nodes for the products."""
        for name, (synapse, bias) in self.merged.items():
            *before, node = to_nodes(synapse, bias)
            self.nodes[name] = node
            for flatten in before:
                entry = unused_name(f"{name}.flat", self.nodes)
                self.nodes[entry] = flatten
                self.edges = [(a, entry if b == name else b) for a, b in self.edges]
                self.edges.append((entry, name))
        return build_graph(self.nodes, self.edges, graph.metadata)


def _through(second: Synapse, bias: np.ndarray | None) -> np.ndarray | None:
    """Returns what a bias before the second map is behind it."""
    if bias is None or not np.any(bias):
        return None
    full = np.asarray(bias, np.float64).reshape(1, *second.in_shape)
    return np.asarray(second.apply(full)[0])
