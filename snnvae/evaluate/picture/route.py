"""The lines of the edges: through the channels between layers and the gutters between columns.

Within a layer an edge runs straight down its own lane, so that no line crosses a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snnvae.evaluate.picture.place import NODE_GAP, TRACK, Placing, Size
from snnvae.evaluate.picture.strands import Item, Layering, Strand

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
"""A cubic Bézier curve; a straight line is one whose inner points are its ends."""

PORT_GAP, PORT_MARGIN = 16.0, 14.0
RADIUS = 6.0
Link = tuple[Item, Item]
Port = tuple[Strand, bool]
"""Where a strand leaves its first node (False) or enters its last one (True)."""


def routes(
    layering: Layering, placing: Placing, sizes: Mapping[str, Size], tops: Mapping[str, Size]
) -> list[tuple[Curve, ...]]:
    """The curves of each strand, from its start to its end.

    tops: of each node, y of its upper and of its lower edge.
    """
    ports = _ports(layering, placing, sizes)
    tracks = _tracks(layering, placing)
    return [_Route(placing, tops, tracks).along(strand, ports) for strand in layering.strands]


@dataclass
class _Route:
    """Curves under way, and the point they have reached."""

    placing: Placing
    tops: Mapping[str, Size]
    tracks: Mapping[Link, tuple[int, int]]
    curves: list[Curve] = field(default_factory=list)
    at: Point = (0.0, 0.0)

    def along(self, strand: Strand, ports: Mapping[Port, float]) -> tuple[Curve, ...]:
        """The whole strand."""
        first, last = strand.items[0], strand.items[-1]
        xs = {item: self.placing.x[item] for item in strand.items[1:-1]}
        start, end = ports[strand, False], ports[strand, True]
        self.at = (start, self.tops[first.node][1])
        self.line((start, self.placing.bottom[first.layer]))
        for a, b in strand.steps():
            x = end if b is last else xs[b]
            if a.layer == b.layer:
                self.turn(x, a.layer, below=a is first)
            else:
                self.step(a, b, x)
            if b is last:
                self.line((end, self.tops[last.node][0]))
            elif strand.upward:
                self.line((x, self.placing.top[b.layer]))
            else:
                self.line((x, self.placing.bottom[b.layer]))
        return tuple(self.curves)

    def line(self, to: Point) -> None:
        """Straight on."""
        if to != self.at:
            self.curves.append((self.at, self.at, to, to))
        self.at = to

    def curve(self, to: Point, by: float) -> None:
        """To another point, leaving and arriving upright; `by` is how far the curve swings."""
        (x0, y0), (x1, y1) = self.at, to
        if x0 == x1:
            self.line(to)
            return
        toward = by if y0 == y1 else (y1 - y0) / 2
        arrive = y1 + by if y0 == y1 else y1 - toward
        self.curves.append((self.at, (x0, y0 + toward), (x1, arrive), to))
        self.at = to

    def turn(self, x: float, layer: int, *, below: bool) -> None:
        """Into the lane beside, or out of it."""
        depth = min(self.placing.turn - 4, 14 + abs(x - self.at[0]) / 12)
        y = self.placing.bottom[layer] if below else self.placing.top[layer]
        self.curve((x, y), depth * 4 / 3 if below else -depth * 4 / 3)

    def step(self, a: Item, b: Item, x: float) -> None:
        """Through the channel to the next layer, or round to the next column."""
        downward = a.layer < b.layer
        above, below = (a, b) if downward else (b, a)
        y_above, y_below = self.placing.bottom[above.layer], self.placing.top[below.layer]
        to = (x, y_below if downward else y_above)
        if self.placing.column_of[above.layer] == self.placing.column_of[below.layer]:
            self.curve(to, 0)
            return
        before, after = self.tracks[above, below]
        gutter = self.placing.columns[self.placing.column_of[below.layer]].left - NODE_GAP
        lane = gutter - TRACK * before
        under = y_above + self.placing.turn + TRACK * (after + 0.5)
        over = y_below - self.placing.turn - TRACK * (before + 0.5)
        upper_x, lower_x = (self.at[0], x) if downward else (x, self.at[0])
        corners = [(upper_x, under), (lane, under), (lane, over), (lower_x, over)]
        if not downward:
            corners.reverse()
        for corner, then in zip(corners, [*corners[1:], to]):
            self.corner(corner, then)
        self.line(to)

    def corner(self, at: Point, then: Point) -> None:
        """Round a corner towards the next one."""
        before, after = _towards(at, self.at), _towards(at, then)
        self.line(before)
        self.curves.append((before, at, at, after))
        self.at = after


def _towards(corner: Point, other: Point) -> Point:
    """A little way from the corner."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy))
    part = min(RADIUS, length / 2) / length if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def _tracks(layering: Layering, placing: Placing) -> dict[Link, tuple[int, int]]:
    """For links between columns, how many are left and how many are right of each.

    The leftmost goes deepest below, furthest right in the gutter and lowest above, so that they lie
    within each other.
    """
    found: dict[int, list[Link]] = {}
    for strand in layering.strands:
        for above, below in strand.links():
            n = placing.column_of[above.layer]
            if n != placing.column_of[below.layer]:
                found.setdefault(n, []).append((above, below))
    tracks = {}
    for links in found.values():
        links.sort(key=lambda link: (placing.x[link[0]], placing.x[link[1]]))
        for i, link in enumerate(links):
            tracks[link] = (i, len(links) - 1 - i)
    return tracks


def _ports(layering: Layering, placing: Placing, sizes: Mapping[str, Size]) -> dict[Port, float]:
    """x of both ends of each strand: apart on their node, and towards where the edge leads."""
    wanted: dict[tuple[Item, bool], list[tuple[float, Port]]] = {}
    for strand in layering.strands:
        for entering, node, next_to in (
            (False, strand.items[0], strand.items[1]),
            (True, strand.items[-1], strand.items[-2]),
        ):
            reach = max(0.0, sizes[node.node][0] / 2 - PORT_MARGIN)
            middle, other = placing.x[node], placing.x[next_to]
            if placing.column_of[node.layer] != placing.column_of[next_to.layer]:
                other = middle
            x = min(max(other, middle - reach), middle + reach)
            wanted.setdefault((node, entering), []).append((x, (strand, entering)))
    found: dict[Port, float] = {}
    for (node, _), ends in wanted.items():
        ends.sort(key=lambda end: end[0])
        room = sizes[node.node][0] - 2 * PORT_MARGIN
        gap = min(PORT_GAP, room / max(1, len(ends) - 1))
        left = placing.x[node] - room / 2
        xs = [x for x, _ in ends]
        for i in range(len(xs)):  # to the right, past the one before
            xs[i] = max(xs[i], xs[i - 1] + gap if i else left)
        for i in reversed(range(len(xs))):  # and back, off the right end
            limit = left + room - gap * (len(xs) - 1 - i)
            xs[i] = min(xs[i], limit)
        found.update({port: x for x, (_, port) in zip(xs, ends)})
    return found
