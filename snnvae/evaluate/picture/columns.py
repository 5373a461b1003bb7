"""Long graphs are folded: their layers stand in columns, read from top to bottom, left to right."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

FOLD_FROM = 820.0
"""A picture of this height is not folded."""
LEAST_LAYERS = 3
"""On average in a column."""
ASPECT = 1.5
"""Width to height that folding aims at."""
CUT_COST = 0.08
"""What one more edge from one column to the next costs, against columns of unequal height."""


def columns(
    heights: Sequence[float], widths: Sequence[float], crossing: Sequence[int], gutter: float
) -> list[range]:
    """Which layers each column holds.

    heights, widths: of each layer, with the space around it; crossing: edges from each layer to the
    next one.
    """
    best = [range(len(heights))]
    if sum(heights) <= FOLD_FROM:
        return best
    closest = _misfit(best, heights, widths, gutter)
    for count in range(2, len(heights) // LEAST_LAYERS + 1):
        cut = _cut(count, heights, crossing)
        misfit = _misfit(cut, heights, widths, gutter)
        if misfit >= closest:
            break
        best, closest = cut, misfit
    return best


def _misfit(
    cut: list[range], heights: Sequence[float], widths: Sequence[float], gutter: float
) -> float:
    height = max(sum(heights[i] for i in column) for column in cut)
    width = sum(max(widths[i] for i in column) + gutter for column in cut)
    return abs(log(width / height / ASPECT))


def _cut(count: int, heights: Sequence[float], crossing: Sequence[int]) -> list[range]:
    """`count` columns of heights as equal as can be, cut where few edges cross."""
    total = len(heights)
    ideal = sum(heights) / count
    start = [0.0]
    for height in heights:
        start.append(start[-1] + height)
    # cost[c][j]: of the first j layers in c columns; last[c][j]: where the last of them begins.
    cost = [
        [0.0 if j == c == 0 else float("inf") for j in range(total + 1)] for c in range(count + 1)
    ]
    last = [[0] * (total + 1) for _ in range(count + 1)]
    for c in range(1, count + 1):
        for j in range(c, total + 1):
            for i in range(c - 1, j):
                uneven = ((start[j] - start[i]) / ideal - 1) ** 2
                through = cost[c - 1][i] + uneven + (CUT_COST * crossing[i - 1] if i else 0.0)
                if through < cost[c][j]:
                    cost[c][j], last[c][j] = through, i
    found: list[range] = []
    end = total
    for c in range(count, 0, -1):
        found.insert(0, range(last[c][end], end))
        end = last[c][end]
    return found
