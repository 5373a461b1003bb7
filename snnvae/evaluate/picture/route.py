"""The lines of the edges: through the channels between layers and the gutters between columns.

Within a layer an edge runs straight down its own lane, so that no line crosses a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise

import numpy as np

from snnvae.evaluate.picture.layers import Item, Way, goes_up, links
from snnvae.evaluate.picture.place import NODE_GAP, TRACK, Placing, Size

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
"""A cubic Bézier curve; a straight line is one whose inner points are its ends."""
Stop = tuple[float, float, float]
"""A point of a way, and how far the line dips below its height if the one before is as high."""
Tracks = Mapping[tuple[Item, Item], tuple[int, int]]

PORT_GAP, PORT_MARGIN = 16.0, 14.0


def routes(
    ways: Sequence[Way], placing: Placing, sizes: Mapping[str, Size]
) -> list[tuple[Curve, ...]]:
    """The curves of each edge, from its start to its end; `sizes` are those of the nodes."""
    ports, tracks = _ports(ways, placing, sizes), _tracks(ways, placing)
    found = []
    for i, way in enumerate(ways):
        stops = [
            _end(way[0], ports[i, False], placing, sizes, upper=goes_up(way)),
            *_stops(way, ports[i, False], ports[i, True], placing, tracks),
            _end(way[-1], ports[i, True], placing, sizes, upper=not goes_up(way)),
        ]
        curves = [_curve(a, b) for a, b in pairwise(stops) if a[:2] != b[:2]]
        backwards = [(d, c, b, a) for a, b, c, d in reversed(curves)]
        found.append(tuple(backwards if goes_up(way) else curves))
    return found


def _end(node: Item, x: float, placing: Placing, sizes: Mapping[str, Size], *, upper: bool) -> Stop:
    """On the upper or the lower side of a node, which stands in the middle of its layer."""
    middle = (placing.top[node.layer] + placing.bottom[node.layer]) / 2
    return x, middle + sizes[node.node][1] / 2 * (-1 if upper else 1), 0.0


def _stops(way: Way, x: float, end: float, placing: Placing, tracks: Tracks) -> Iterator[Stop]:
    """From side to side of the layers, the first node's x to the last one's."""
    top, bottom, turn = placing.top, placing.bottom, placing.turn
    yield x, (top if goes_up(way) else bottom)[way[0].layer], 0.0
    for a, b in pairwise(way):
        before, x = x, end if b is way[-1] else placing.x[b]
        if a.layer == b.layer:
            dip = min(turn - 4, 14 + abs(x - before) / 12)
            yield (x, top[a.layer], -dip) if a is way[0] else (x, bottom[a.layer], dip)
        else:
            if (a, b) in tracks:
                left, right = tracks[a, b]
                under, over = bottom[a.layer] + turn, top[b.layer] - turn
                gutter = placing.left[placing.column[b.layer]] - NODE_GAP - TRACK * left
                yield before, under, 0.0
                yield gutter, under, TRACK * (right + 0.5)
                yield gutter, over, 0.0
                yield x, over, -TRACK * (left + 0.5)
            yield x, top[b.layer], 0.0
        if b.edge:
            yield x, bottom[b.layer], 0.0


def _curve(start: Stop, end: Stop) -> Curve:
    """Leaving and arriving upright."""
    (x0, y0, _), (x1, y1, dip) = start, end
    if x0 == x1:
        return (x0, y0), (x0, y0), (x1, y1), (x1, y1)
    y = y0 + dip * 4 / 3 if y0 == y1 else (y0 + y1) / 2
    return (x0, y0), (x0, y), (x1, y), (x1, y1)


def _tracks(ways: Sequence[Way], placing: Placing) -> Tracks:
    """For links between columns, how many are left and how many are right of each.

    The leftmost goes deepest below, furthest right in the gutter and lowest above, so that they lie
    within each other.
    """

    def column(link: tuple[Item, Item]) -> int:
        return placing.column[link[1].layer]

    across = [(a, b) for a, b in links(ways) if placing.column[a.layer] != column((a, b))]
    across.sort(key=lambda link: (column(link), placing.x[link[0]], placing.x[link[1]]))
    tracks = {}
    for _, each in groupby(across, column):
        group = list(each)
        tracks.update({link: (i, len(group) - 1 - i) for i, link in enumerate(group)})
    return tracks


def _ports(
    ways: Sequence[Way], placing: Placing, sizes: Mapping[str, Size]
) -> dict[tuple[int, bool], float]:
    """x of the first (False) and the last (True) end of each way: apart on their node's side, and
    towards where the way leads."""
    wanted: dict[tuple[Item, bool], list[tuple[float, int, bool]]] = {}
    for i, way in enumerate(ways):
        for last, node, to in ((False, way[0], way[1]), (True, way[-1], way[-2])):
            near = placing.column[node.layer] == placing.column[to.layer]
            side = wanted.setdefault((node, last != goes_up(way)), [])
            side.append((placing.x[to if near else node], i, last))
    found = {}
    for (node, _), ends in wanted.items():
        ends.sort()
        room = sizes[node.node][0] - 2 * PORT_MARGIN
        steps = np.arange(len(ends)) * min(PORT_GAP, room / max(1, len(ends) - 1))
        left = placing.x[node] - room / 2
        xs = np.maximum.accumulate([x for x, *_ in ends] - steps)  # apart, to the right
        xs = np.clip(xs, left, left + room - steps[-1]) + steps
        found.update({(i, last): x for (_, i, last), x in zip(ends, xs.tolist())})
    return found
