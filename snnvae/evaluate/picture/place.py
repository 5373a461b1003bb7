"""Where the items of ordered layers stand: layers from top to bottom, long graphs in columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log

from snnvae.evaluate.picture.layers import Item, Layers, Way, goes_up, links
from snnvae.evaluate.picture.shortest import shortest

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
FOLD_FROM, ASPECT, LEAST_LAYERS = 820.0, 1.5, 3
"""What is higher is folded, to about this width for its height; layers in a column on average."""
CUT_COST = 0.08
"""What one more edge from one column to the next costs, against columns of unequal height."""
_STRAIGHT = (6.0, 1.0, 2.0)
"""How much a link pulls its ends into line, by how many of them are nodes."""


@dataclass(frozen=True)
class Placing:
    """x: the middle of each item. top, bottom, column: of each layer. left: of each column. turn:
    the height above and below a layer in which edges turn; lines to other columns keep clear."""

    x: Mapping[Item, float]
    top: Sequence[float]
    bottom: Sequence[float]
    column: Sequence[int]
    left: Sequence[float]
    turn: float
    width: float
    height: float


def place(layers: Layers, ways: Sequence[Way], sizes: Mapping[str, Size]) -> Placing:
    """Fold the layers into columns and place everything; `sizes` are those of the nodes."""
    box = {i: sizes[i.node] if i.node else (LANE, LANE) for layer in layers for i in layer}
    below = Counter(above.layer for above, _ in links(ways))
    channel = [
        min(CHANNEL + PER_LINK * max(0, below[n] - 2), MOST_CHANNEL) for n in range(len(layers))
    ]
    tall = [max(box[i][1] for i in layer) for layer in layers]
    column = _fold(
        [height + space for height, space in zip(tall, channel)],
        [sum(box[i][0] + NODE_GAP for i in layer) for layer in layers],
        below,
    )
    x = _positions(layers, ways, box, column)
    turn = TURN if any(map(goes_up, ways)) else MARGIN
    passing = Counter(column[b.layer] for a, b in links(ways) if column[a.layer] != column[b.layer])
    margin = turn + (TRACK * (max(passing.values()) + 0.5) if passing else 0.0)
    top: list[float] = []
    bottom: list[float] = []
    left: list[float] = []
    right = height = 0.0
    for n in range(column[-1] + 1):
        held = [layer for layer, c in zip(layers, column) if c == n]
        items = [item for layer in held for item in layer]
        left.append(right + (TRACK * passing[n] + 2 * NODE_GAP if n else 0.0))
        shift = left[n] - min(x[item] - box[item][0] / 2 for item in items)
        x.update({item: x[item] + shift for item in items})
        right = max(x[item] + box[item][0] / 2 for item in items)
        y = margin
        for layer in range(len(top), len(top) + len(held)):
            top.append(y)
            bottom.append(y + tall[layer])
            y = bottom[-1] + channel[layer]
        height = max(height, bottom[-1] + margin)
    return Placing(x, top, bottom, column, left, turn, right, height)


def _fold(heights: Sequence[float], widths: Sequence[float], below: Counter[int]) -> list[int]:
    """The column of each layer: as many, about equally high, as come closest to ASPECT; cut where
    few edges lead to the layer `below`."""
    total, ends = sum(heights), [*accumulate(heights)]
    most = len(heights) // LEAST_LAYERS if total > FOLD_FROM else 1
    folds: list[tuple[float, list[int]]] = []
    for count in range(1, max(most, 1) + 1):
        cuts = {
            min(
                range(len(heights) - 1),
                key=lambda i: ((ends[i] - part) * count / total) ** 2 + CUT_COST * below[i],
            )
            for part in (total * k / count for k in range(1, count))
        }
        column = [sum(cut < i for cut in cuts) for i in range(len(heights))]
        high, wide = [0.0] * (column[-1] + 1), [0.0] * (column[-1] + 1)
        for n, height, width in zip(column, heights, widths):
            high[n], wide[n] = high[n] + height, max(wide[n], width + 2 * NODE_GAP)
        folds.append((abs(log(sum(wide) / max(high) / ASPECT)), column))
    return min(folds)[1]


def _positions(
    layers: Layers, ways: Sequence[Way], box: Mapping[Item, Size], column: Sequence[int]
) -> dict[Item, float]:
    """Middles, apart within their layers and in line along the edges of each column."""
    index = {item: i for i, item in enumerate(item for layer in layers for item in layer)}
    pulls = [
        (index[a], index[b], _STRAIGHT[bool(a.node) + bool(b.node)])
        for way in ways
        for a, b in pairwise(way)
        if column[a.layer] == column[b.layer]
    ]
    between = (LANE_GAP, NODE_GAP / 2, NODE_GAP)
    gaps = [
        (index[a], index[b], (box[a][0] + box[b][0]) / 2 + between[bool(a.node) + bool(b.node)])
        for layer in layers
        for a, b in pairwise(layer)
    ]
    return dict(zip(index, shortest(len(index), pulls, gaps).tolist()))
