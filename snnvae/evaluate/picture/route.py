"""The lines of the edges: through the channels between layers and the gutters between columns.

Within a layer an edge runs straight down its own lane, so that no line crosses a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from snnvae.evaluate.picture.layers import Item, Way, links
from snnvae.evaluate.picture.place import NODE_GAP, TRACK, Placing

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
"""A cubic Bézier curve; a straight line is one whose inner points are its ends."""
Stop = tuple[float, float, float]
"""A point of an edge, and how far the line swings below the height of the one before, if both are
equally high."""

PORT_GAP, PORT_MARGIN = 16.0, 14.0
Link = tuple[Item, Item]


def routes(
    ways: Sequence[Way], placing: Placing, edges: Mapping[str, tuple[float, float, float]]
) -> list[tuple[Curve, ...]]:
    """The curves of each way, from its start to its end; `edges`: width, top and bottom of each
    node."""
    leaving = _ports(ways, placing, edges)
    entering = _ports([way[::-1] for way in ways], placing, edges)
    tracks = _tracks(ways, placing)
    found = []
    for way, start, end in zip(ways, leaving, entering):
        top, bottom = edges[way[-1].node][1], edges[way[0].node][2]
        stops = [(start, bottom, 0.0), *_stops(way, start, end, placing, tracks), (end, top, 0.0)]
        found.append(tuple(_curve(a, b) for a, b in pairwise(stops) if a[:2] != b[:2]))
    return found


def _stops(
    way: Way, start: float, end: float, placing: Placing, tracks: Mapping[Link, tuple[int, int]]
) -> Iterator[Stop]:
    """From the lower side of the first layer to the upper side of the last one."""
    up = way[1].layer == way[0].layer
    x = start
    # Where a line comes to a layer, and where it leaves it.
    near, far = (placing.bottom, placing.top) if up else (placing.top, placing.bottom)
    yield x, placing.bottom[way[0].layer], 0.0
    for a, b in pairwise(way):
        before, x = x, end if b is way[-1] else placing.x[b]
        if a.layer == b.layer:
            depth = min(placing.turn - 4, 14 + abs(x - before) / 12)
            first = a is way[0]
            yield x, (placing.bottom if first else placing.top)[a.layer], depth if first else -depth
            if first:
                yield x, placing.top[a.layer], 0.0
            continue
        if placing.column[a.layer] != placing.column[b.layer]:
            left, right = tracks[(b, a) if up else (a, b)]
            swings = TRACK * (right + 0.5), -TRACK * (left + 0.5)
            gutter = placing.left[placing.column[(a if up else b).layer]] - NODE_GAP - TRACK * left
            out, back = (-placing.turn, placing.turn) if up else (placing.turn, -placing.turn)
            swing, swing_back = swings[::-1] if up else swings
            y, y_back = far[a.layer] + out, near[b.layer] + back
            yield before, y, 0.0
            yield gutter, y, swing
            yield gutter, y_back, 0.0
            yield x, y_back, swing_back
        yield x, near[b.layer], 0.0
        if b is not way[-1]:
            yield x, far[b.layer], 0.0


def _curve(start: Stop, end: Stop) -> Curve:
    """Leaving and arriving upright."""
    (x0, y0, _), (x1, y1, swing) = start, end
    if x0 == x1:
        return (x0, y0), (x0, y0), (x1, y1), (x1, y1)
    leave, arrive = (y0 + swing * 4 / 3,) * 2 if y0 == y1 else ((y0 + y1) / 2,) * 2
    return (x0, y0), (x0, leave), (x1, arrive), (x1, y1)


def _tracks(ways: Sequence[Way], placing: Placing) -> dict[Link, tuple[int, int]]:
    """For links between columns, how many are left and how many are right of each.

    The leftmost goes deepest below, furthest right in the gutter and lowest above, so that they lie
    within each other.
    """
    found: dict[int, list[Link]] = {}
    for above, below in links(ways):
        if placing.column[above.layer] != placing.column[below.layer]:
            found.setdefault(placing.column[below.layer], []).append((above, below))
    tracks = {}
    for group in found.values():
        group.sort(key=lambda link: (placing.x[link[0]], placing.x[link[1]]))
        tracks.update({link: (i, len(group) - 1 - i) for i, link in enumerate(group)})
    return tracks


def _ports(
    ways: Sequence[Way], placing: Placing, edges: Mapping[str, tuple[float, float, float]]
) -> list[float]:
    """x of the start of each way: apart on their node, and towards where the way leads."""
    wanted: dict[Item, list[tuple[float, int]]] = {}
    for i, (node, to, *_) in enumerate(ways):
        beside = placing.column[node.layer] == placing.column[to.layer]
        wanted.setdefault(node, []).append((placing.x[to if beside else node], i))
    found = [0.0] * len(ways)
    for node, ends in wanted.items():
        ends.sort()
        room = edges[node.node][0] - 2 * PORT_MARGIN
        steps = np.arange(len(ends)) * min(PORT_GAP, room / max(1, len(ends) - 1))
        left = placing.x[node] - room / 2
        xs = np.maximum.accumulate([x for x, _ in ends] - steps)  # apart, to the right
        xs = np.clip(xs, left, left + room - steps[-1]) + steps
        for (_, i), x in zip(ends, xs.tolist()):
            found[i] = x
    return found
