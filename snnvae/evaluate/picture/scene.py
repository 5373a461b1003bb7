"""A graph laid out: boxes with their text, lines between them, nested graphs within their boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir

from snnvae.deploy.graph import Edge
from snnvae.errors import UnsupportedError
from snnvae.evaluate.picture.card import PADDING, Card, card
from snnvae.evaluate.picture.describe import describe
from snnvae.evaluate.picture.loops import closing_edges
from snnvae.evaluate.picture.order import ordered
from snnvae.evaluate.picture.place import place
from snnvae.evaluate.picture.route import Curve, routes
from snnvae.evaluate.picture.strands import layering

MOST_NODES, MOST_EDGES = 400, 1200
"""Larger graphs make no picture that anybody could read."""
Path = tuple[str, ...]
"""Names of the graphs around a node, and its own."""


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

    def all_boxes(self) -> list[Box]:
        """Those of nested graphs too."""
        return [
            b for box in self.boxes for b in (box, *(box.inner.all_boxes() if box.inner else ()))
        ]


def scene(
    graph: nir.NIRGraph, *, dt: float | None = None, rates: Mapping[Path, float] | None = None
) -> Scene:
    """Lay out a graph; UnsupportedError if it is too large for a picture."""
    nodes, edges = _counts(graph)
    if nodes > MOST_NODES or edges > MOST_EDGES:
        raise UnsupportedError(
            f"{nodes:,} nodes and {edges:,} edges are too many for a picture (at most "
            f"{MOST_NODES:,} and {MOST_EDGES:,}); `snnvae inspect` without one lists them"
        )
    return _scene(graph, (), dt, rates or {})


def _scene(
    graph: nir.NIRGraph, around: Path, dt: float | None, rates: Mapping[Path, float]
) -> Scene:
    cards, inner = {}, {}
    for name, node in graph.nodes.items():
        path = (*around, name)
        cards[name] = card(name, describe(node, dt), rates.get(path), dt)
        if isinstance(node, nir.NIRGraph):
            inner[name] = _scene(node, path, dt, rates)
    sizes = {name: _size(cards[name], inner.get(name)) for name in cards}
    closing = closing_edges(graph.nodes, graph.edges)
    layers = layering(tuple(graph.nodes), graph.edges, closing)
    placing = place(layers, ordered(layers), sizes)
    boxes = []
    for name, item in layers.nodes.items():
        width, height = sizes[name]
        room = placing.bottom[item.layer] - placing.top[item.layer]
        y = placing.top[item.layer] + (room - height) / 2
        x = placing.x[item] - width / 2
        boxes.append(Box((*around, name), cards[name], x, y, width, height, inner.get(name)))
    edges = {box.path[-1]: (box.y, box.y + box.height) for box in boxes}
    lines = [
        Line(strand.edge, curves, strand.edge in closing)
        for strand, curves in zip(layers.strands, routes(layers, placing, sizes, edges))
    ]
    return Scene(tuple(boxes), tuple(lines), placing.width, placing.height)


def _size(text: Card, inner: Scene | None) -> tuple[float, float]:
    width, height = text.size
    if inner is None:
        return width, height
    return max(width, inner.width + 2 * PADDING), height + inner.height


def _counts(graph: nir.NIRGraph) -> tuple[int, int]:
    """Nodes and edges, nested ones included."""
    nodes, edges = len(graph.nodes), len(graph.edges)
    for node in graph.nodes.values():
        if isinstance(node, nir.NIRGraph):
            more = _counts(node)
            nodes, edges = nodes + more[0], edges + more[1]
    return nodes, edges
