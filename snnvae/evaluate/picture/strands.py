"""The layers of a graph, and what each holds: nodes, and lanes where an edge passes by.

An edge that goes down several layers has a lane in each layer between. One that goes up, or stays,
leaves its node downwards, turns, and runs up through lanes beside it: it has a lane in every layer
from its end to its start, and enters its end from above, as all edges do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from snnvae.deploy.graph import Edge
from snnvae.evaluate.picture.shortest import shortest


@dataclass(frozen=True)
class Item:
    """A node, or the lane of `edge`, in a layer."""

    layer: int
    node: str = ""
    edge: Edge | None = None


@dataclass(frozen=True)
class Strand:
    """An edge as the items that it leads through, from its start to its end."""

    edge: Edge
    items: tuple[Item, ...]
    upward: bool

    def steps(self) -> Iterator[tuple[Item, Item]]:
        """From item to item."""
        return pairwise(self.items)

    def links(self) -> Iterator[tuple[Item, Item]]:
        """Steps between layers, as the upper and the lower item."""
        for a, b in self.steps():
            if a.layer != b.layer:
                yield (a, b) if a.layer < b.layer else (b, a)


@dataclass(frozen=True)
class Layering:
    """The items of each layer, in no order yet, and the edges through them."""

    layers: list[list[Item]]
    strands: list[Strand]
    nodes: dict[str, Item] = field(default_factory=dict)


def layering(names: Sequence[str], edges: Sequence[Edge], closing: Collection[Edge]) -> Layering:
    """Layers with the least sum of edge lengths; `closing` edges do not count."""
    index = {name: i for i, name in enumerate(names)}
    downward = [(index[a], index[b], 1.0) for a, b in edges if (a, b) not in closing]
    depth = np.rint(shortest(len(names), downward, downward)).astype(int)
    nodes = {name: Item(int(depth[i]), node=name) for name, i in index.items()}
    layers: list[list[Item]] = [[] for _ in range(int(depth.max(initial=0)) + 1)]
    for item in nodes.values():
        layers[item.layer].append(item)
    strands = []
    for edge in edges:
        start, end = nodes[edge[0]], nodes[edge[1]]
        upward = end.layer <= start.layer
        passed = (
            range(start.layer, end.layer - 1, -1) if upward else range(start.layer + 1, end.layer)
        )
        lanes = [Item(layer, edge=edge) for layer in passed]
        for lane in lanes:
            layers[lane.layer].append(lane)
        strands.append(Strand(edge, (start, *lanes, end), upward))
    return Layering(layers, strands, nodes)
