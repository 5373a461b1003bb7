"""A graph laid out: boxes with their text, lines between them, nested graphs within their boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir

from snnvae.deploy.graph import Edge
from snnvae.errors import UnsupportedError
from snnvae.evaluate.picture.card import PADDING, Card, card
from snnvae.evaluate.picture.describe import Path, nodes_of
from snnvae.evaluate.picture.layers import layered
from snnvae.evaluate.picture.loops import closing_edges
from snnvae.evaluate.picture.place import place
from snnvae.evaluate.picture.route import Curve, routes

MOST_NODES, MOST_EDGES = 400, 1200
"""Larger graphs make no picture that anybody could read."""


@dataclass(frozen=True)
class Box:
    """A node: its upper left corner and size; `inner` is what a nested graph holds."""

    path: Path
    card: Card
    x: float
    y: float
    width: float
    height: float
    inner: Scene | None = None


@dataclass(frozen=True)
class Line:
    """An edge; `closes`: it closes a loop."""

    edge: Edge
    curves: tuple[Curve, ...]
    closes: bool


@dataclass(frozen=True)
class Scene:
    """A laid out graph within width × height."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float

    def scenes(self) -> list[Scene]:
        """This one and those within its boxes."""
        return [self, *(s for box in self.boxes if box.inner for s in box.inner.scenes())]

    def all_boxes(self) -> list[Box]:
        """Those of nested graphs too."""
        return [
            b for box in self.boxes for b in (box, *(box.inner.all_boxes() if box.inner else ()))
        ]


def scene(
    graph: nir.NIRGraph, *, dt: float | None = None, rates: Mapping[Path, float] | None = None
) -> Scene:
    """Lay out a graph; UnsupportedError if it is too large for a picture."""
    inside = [node for _, node in nodes_of(graph)]
    nodes = len(inside)
    edges = sum(len(g.edges) for g in (graph, *inside) if isinstance(g, nir.NIRGraph))
    if nodes > MOST_NODES or edges > MOST_EDGES:
        raise UnsupportedError(
            f"{nodes:,} nodes and {edges:,} edges are too many for a picture (at most "
            f"{MOST_NODES:,} and {MOST_EDGES:,}); `snnvae inspect` without one lists them"
        )
    return _scene(graph, (), dt, rates or {})


def _scene(
    graph: nir.NIRGraph, around: Path, dt: float | None, rates: Mapping[Path, float]
) -> Scene:
    cards = {name: card(n, (*around, name), dt, rates) for name, n in graph.nodes.items()}
    inner = {
        name: _scene(node, (*around, name), dt, rates)
        for name, node in graph.nodes.items()
        if isinstance(node, nir.NIRGraph)
    }
    sizes = {name: _size(cards[name], inner.get(name)) for name in cards}
    closing = closing_edges(graph.nodes, graph.edges)
    layers, ways = layered(tuple(graph.nodes), graph.edges, closing)
    placing = place(layers, ways, sizes)
    nodes = {item.node: item for layer in layers for item in layer if item.node}
    boxes = []
    for name, (width, height) in sizes.items():
        layer, x = nodes[name].layer, placing.x[nodes[name]] - width / 2
        y = (placing.top[layer] + placing.bottom[layer] - height) / 2
        boxes.append(Box((*around, name), cards[name], x, y, width, height, inner.get(name)))
    lines = tuple(
        Line(edge, curves, edge in closing)
        for edge, curves in zip(graph.edges, routes(ways, placing, sizes))
    )
    return Scene(tuple(boxes), lines, placing.width, placing.height)


def _size(text: Card, inner: Scene | None) -> tuple[float, float]:
    width, height = text.size
    if inner is None:
        return width, height
    return max(width, inner.width + 2 * PADDING), height + inner.height
