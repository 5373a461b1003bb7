"""The order of the items in each layer, so that few edges cross: barycentres, then swaps.

The lane into which an edge turns up, or out of which it turns, has its place beside its node.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

from snnvae.evaluate.picture.strands import Item, Layering

SWEEPS = 12
SWAPPED_ITEMS = 600
"""Swaps of neighbours cost too much in larger graphs."""

Links = dict[Item, list[Item]]


def ordered(layering: Layering) -> list[list[Item]]:
    """The layers, each from left to right, with the fewest crossings that the sweeps found."""
    up, down = _links(layering)
    beside = _beside(layering)
    layers = _first(layering, down)
    best, least = layers, _cost(layers, down, beside)
    small = sum(map(len, layers)) <= SWAPPED_ITEMS
    for sweep in range(SWEEPS):
        if not least:
            break
        upwards = sweep % 2 == 1
        layers = _swept(layers, down if upwards else up, beside, upwards=upwards)
        if small:
            layers = _swapped(layers, up, down)
        cost = _cost(layers, down, beside)
        if cost < least:
            best, least = layers, cost
    return best


def _links(layering: Layering) -> tuple[Links, Links]:
    """The neighbours of each item in the layer above and below."""
    items = [item for layer in layering.layers for item in layer]
    up: Links = {item: [] for item in items}
    down: Links = {item: [] for item in items}
    for strand in layering.strands:
        for above, below in strand.links():
            down[above].append(below)
            up[below].append(above)
    return up, down


def _beside(layering: Layering) -> dict[Item, Item]:
    """The node of each lane at which an edge turns."""
    turning = [strand.items for strand in layering.strands if strand.upward]
    return {**{items[-2]: items[-1] for items in turning}, **{i[1]: i[0] for i in turning}}


def _first(layering: Layering, down: Links) -> list[list[Item]]:
    """As a walk along the edges meets them, from the top."""
    layers: list[list[Item]] = [[] for _ in layering.layers]
    met: set[Item] = set()
    for start in (item for layer in layering.layers for item in layer):
        waiting = [start]
        while waiting:
            item = waiting.pop()
            if item not in met:
                met.add(item)
                layers[item.layer].append(item)
                waiting += reversed(down[item])
    return layers


def _swept(
    layers: list[list[Item]], links: Links, beside: dict[Item, Item], *, upwards: bool
) -> list[list[Item]]:
    """Each layer by the mean position of its neighbours in the layer before it."""
    result = [list(layer) for layer in layers]
    place = {item: i for layer in result for i, item in enumerate(layer)}

    def mean(item: Item) -> tuple[float, bool]:
        if item in beside:
            return mean(beside[item])[0], True
        before = links[item]
        return (sum(map(place.__getitem__, before)) / len(before) if before else place[item]), False

    for layer in reversed(result) if upwards else result:
        layer.sort(key=mean)
        place.update({item: i for i, item in enumerate(layer)})
    return result


def _swapped(layers: list[list[Item]], up: Links, down: Links) -> list[list[Item]]:
    """Neighbours change places while that leaves fewer crossings."""
    result = [list(layer) for layer in layers]
    place = {item: i for layer in result for i, item in enumerate(layer)}

    def between(left: Item, right: Item) -> int:
        return sum(
            place[a] > place[b] for links in (up, down) for a in links[left] for b in links[right]
        )

    for layer in result:
        for i in range(len(layer) - 1):
            left, right = layer[i], layer[i + 1]
            if between(right, left) < between(left, right):
                layer[i], layer[i + 1] = right, left
                place[left], place[right] = i + 1, i
    return result


def _cost(layers: list[list[Item]], down: Links, beside: dict[Item, Item]) -> int:
    """Crossings between layers, and what turning edges cross within one."""
    place = {item: i for layer in layers for i, item in enumerate(layer)}
    turns = sum(abs(place[lane] - place[node]) - 1 for lane, node in beside.items())
    return turns + sum(_inversions(layer, down, place.__getitem__) for layer in layers)


def _inversions(layer: list[Item], down: Links, place: Callable[[Item], int]) -> int:
    """Pairs of links that begin in one order and end in the other."""
    ended: list[int] = []
    count = 0
    for item in layer:
        ends = [place(below) for below in down[item]]
        count += sum(len(ended) - bisect_left(ended, end + 1) for end in ends)
        for end in ends:
            insort(ended, end)
    return count
