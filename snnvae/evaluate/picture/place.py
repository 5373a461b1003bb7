"""Where the items of ordered layers stand, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from snnvae.evaluate.picture.columns import columns
from snnvae.evaluate.picture.shortest import Gap, Pull, shortest
from snnvae.evaluate.picture.strands import Item, Layering

Size = tuple[float, float]
"""Width and height."""

LANE = 12.0
NODE_GAP, LANE_GAP = 26.0, 4.0
CHANNEL, PER_LINK, MOST_CHANNEL = 40.0, 5.0, 90.0
"""Height between two layers: at least, for each edge that is not straight, and at most."""
TRACK = 11.0
"""Between the lines that lead from one column to the next."""
TURN, MARGIN = 30.0, 12.0
"""Height in which edges turn, and that is left where none does."""
_STRAIGHT = {(True, True): 2.0, (True, False): 1.0, (False, False): 6.0}
"""How much a link pulls its ends into line, by whether each end is a node."""


@dataclass(frozen=True)
class Column:
    """Some layers, one below the other, between left and right."""

    layers: range
    left: float
    right: float


@dataclass(frozen=True)
class Placing:
    """x: the middle of each item. top, bottom: of each layer. turn: the height above and below a
    layer in which edges turn; lines to other columns keep clear of it."""

    layers: list[list[Item]]
    x: Mapping[Item, float]
    top: Sequence[float]
    bottom: Sequence[float]
    columns: list[Column]
    column_of: Sequence[int]
    turn: float
    width: float
    height: float


def place(layering: Layering, layers: list[list[Item]], sizes: Mapping[str, Size]) -> Placing:
    """Fold the layers into columns and place everything; `sizes` are those of the nodes."""
    width = {item: sizes[item.node][0] if item.node else LANE for layer in layers for item in layer}
    links = [0] * len(layers)
    for strand in layering.strands:
        for above, _ in strand.links():
            links[above.layer] += 1
    channel = [min(CHANNEL + PER_LINK * max(0, n - 2), MOST_CHANNEL) for n in links]
    tall = [max((sizes[i.node][1] for i in layer if i.node), default=LANE) for layer in layers]
    wide = [sum(width[i] + NODE_GAP for i in layer) for layer in layers]
    folded = columns([h + c for h, c in zip(tall, channel)], wide, links, 2 * NODE_GAP)
    column_of = [n for n, column in enumerate(folded) for _ in column]
    x = _positions(layering, layers, width, column_of)
    turn = TURN if any(strand.upward for strand in layering.strands) else MARGIN
    most = max((links[column[-1]] for column in folded[:-1]), default=0)
    tracks = TRACK * (most + 0.5) if most else 0.0
    top, bottom = [0.0] * len(layers), [0.0] * len(layers)
    placed: list[Column] = []
    edge = 0.0
    for n, column in enumerate(folded):
        y = turn + tracks
        for i in column:
            top[i], bottom[i] = y, y + tall[i]
            y = bottom[i] + channel[i]
        items = [item for i in column for item in layers[i]]
        left = min(x[item] - width[item] / 2 for item in items)
        gutter = TRACK * links[column[0] - 1] + 2 * NODE_GAP if n else 0.0
        for item in items:
            x[item] += edge + gutter - left
        right = max(x[item] + width[item] / 2 for item in items)
        placed.append(Column(column, edge + gutter, right))
        edge = right
    height = max(bottom[column[-1]] for column in folded) + turn + tracks
    return Placing(layers, x, top, bottom, placed, column_of, turn, edge, height)


def _positions(
    layering: Layering,
    layers: list[list[Item]],
    width: Mapping[Item, float],
    column_of: Sequence[int],
) -> dict[Item, float]:
    """Middles, apart within their layers and in line along the edges of each column."""
    items = [item for layer in layers for item in layer]
    index = {item: i for i, item in enumerate(items)}
    pulls: list[Pull] = []
    for strand in layering.strands:
        for a, b in strand.steps():
            if column_of[a.layer] == column_of[b.layer]:
                nodes = sorted((bool(a.node), bool(b.node)), reverse=True)
                pulls.append((index[a], index[b], _STRAIGHT[nodes[0], nodes[1]]))
    gaps: list[Gap] = []
    for layer in layers:
        for a, b in pairwise(layer):
            between = (LANE_GAP, NODE_GAP / 2, NODE_GAP)[bool(a.node) + bool(b.node)]
            gaps.append((index[a], index[b], (width[a] + width[b]) / 2 + between))
    found = shortest(len(items), pulls, gaps)
    return {item: float(found[i]) for item, i in index.items()}
