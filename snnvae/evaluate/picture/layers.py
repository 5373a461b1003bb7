"""The layers of a graph in order: nodes, and lanes where an edge passes by.

An edge that goes down several layers has a lane in each layer between. One that goes up, or stays,
leaves its node downwards, turns, and runs up through lanes beside it: it has a lane in every layer
from its end to its start, and enters its end from above, as all edges do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np

from snnvae.deploy.graph import Edge
from snnvae.evaluate.picture.shortest import shortest

SWEEPS = 12
INERTIA = 0.1
"""How much an item stays where it is, so that the sweeps settle."""


@dataclass(frozen=True)
class Item:
    """A node, or the lane of `edge`, in a layer."""

    layer: int
    node: str = ""
    edge: Edge | None = None


Way = tuple[Item, ...]
"""An edge as the items that it leads through, from top to bottom; `goes_up` tells its direction."""
Layers = list[list[Item]]


def layered(
    names: Sequence[str], edges: Sequence[Edge], closing: Collection[Edge]
) -> tuple[Layers, list[Way]]:
    """Layers with the least sum of edge lengths (`closing` edges do not count), each from left to
    right with few crossings; and the way of each edge."""
    index = {name: i for i, name in enumerate(names)}
    down = [(index[a], index[b], 1.0) for a, b in edges if (a, b) not in closing]
    depth = np.rint(shortest(len(names), down, down)).astype(int).tolist()
    nodes = {name: Item(depth[i], name) for name, i in index.items()}
    ways = [_way(nodes[a], nodes[b], (a, b)) for a, b in edges]
    return _ordered(list(nodes.values()), ways), ways


def links(ways: Sequence[Way]) -> list[tuple[Item, Item]]:
    """The steps of all ways from layer to layer, as the upper and the lower item."""
    return [(a, b) for way in ways for a, b in pairwise(way) if a.layer != b.layer]


def goes_up(way: Way) -> bool:
    """Whether an edge turns: from its lowest lane's node, up, and into its highest lane's node."""
    return way[0].layer == way[1].layer


def _way(start: Item, end: Item, edge: Edge) -> Way:
    up = end.layer <= start.layer
    passed = range(end.layer, start.layer + 1) if up else range(start.layer + 1, end.layer)
    lanes = (Item(layer, edge=edge) for layer in passed)
    return (end, *lanes, start) if up else (start, *lanes, end)


def _ordered(nodes: Sequence[Item], ways: Sequence[Way]) -> Layers:
    """Barycentres: each layer by the mean place of its neighbours, downwards and upwards in turn.

    A lane into which an edge turns up, or out of which it turns, has its place beside its node.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from([*nodes, *(lane for way in ways for lane in way[1:-1])])
    graph.add_edges_from(links(ways))
    turning = [way for way in ways if goes_up(way)]
    beside = {lane: node for way in turning for node, lane in (way[:2], way[:-3:-1])}
    layers: Layers = [[] for _ in range(1 + max(item.layer for item in nodes))]
    for item in nx.dfs_preorder_nodes(graph):
        layers[item.layer].append(item)
    best, least = layers, _crossings(layers, graph, beside)
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 1
        layers = _swept(layers, graph.succ if upwards else graph.pred, beside, upwards=upwards)
        crossings = _crossings(layers, graph, beside)
        if crossings < least:
            best, least = layers, crossings
    return best


def _swept(
    layers: Layers, near: Mapping[Item, Iterable[Item]], beside: dict[Item, Item], *, upwards: bool
) -> Layers:
    place = {item: i for layer in layers for i, item in enumerate(layer)}

    def middle(item: Item) -> tuple[float, bool]:
        node = beside.get(item, item)
        around = [place[other] for other in near[node]] or [place[node]]
        mean = sum(around) / len(around)
        return mean + INERTIA * (place[node] - mean), item in beside

    swept = []
    for layer in reversed(layers) if upwards else layers:
        swept.append(sorted(layer, key=middle))
        place.update({item: i for i, item in enumerate(swept[-1])})
    return swept[::-1] if upwards else swept


def _crossings(layers: Layers, graph: nx.DiGraph, beside: dict[Item, Item]) -> int:
    """Between layers, and what turning edges cross within one."""
    place = {item: i for layer in layers for i, item in enumerate(layer)}
    count = sum(abs(place[lane] - place[node]) - 1 for lane, node in beside.items())
    for layer in layers:
        ends = np.array([(place[a], place[b]) for a in layer for b in graph[a]]).reshape(-1, 2)
        left, right = (ends[:, None, side] - ends[None, :, side] for side in (0, 1))
        count += int(((left < 0) & (right > 0)).sum())
    return count
