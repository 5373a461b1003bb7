"""Sensitivity: what moves the answer most when one unknown at a time goes through its band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnvae.energy.bill import Bill
from snnvae.energy.interval import Interval

ACTIVITY = "activity of the samples"


@dataclass(frozen=True)
class Swing:
    """The answer with one unknown at its low and high end, all others nominal.

    `answer.low` belongs to the low end of the unknown, and may be the larger one.
    """

    unknown: str
    answer: Interval

    @property
    def width(self) -> float:
        """How far the answer moves."""
        low, high = self.answer.low, self.answer.high
        return 0.0 if low == high else abs(high - low)


def swings(snn: Bill, ann: Bill | None, activity: Interval | None) -> tuple[Swing, ...]:
    """Of the ratio to an ANN, or of the total where there is none; widest first.

    activity: the answer's confidence interval over the samples.
    """
    above, below = snn.labels, ann.labels if ann else None
    found = [
        Swing(label, Interval(*(_answer(above, below, label, end) for end in _ENDS)))
        for label in {**above, **(below or {})}
    ]
    if activity is not None:
        found.append(Swing(ACTIVITY, activity))
    return tuple(sorted((s for s in found if s.width), key=lambda s: -s.width))


_ENDS = ("low", "nominal", "high")


def _answer(
    above: Mapping[str, Interval], below: Mapping[str, Interval] | None, moved: str, end: str
) -> float:
    top = _sum(above, moved, end)
    if below is None:
        return top
    bottom = _sum(below, moved, end)
    return top / bottom if bottom else float("inf")


def _sum(parts: Mapping[str, Interval], moved: str, end: str) -> float:
    total = 0.0
    for label, energy in parts.items():
        value: float = getattr(energy, end if label == moved else "nominal")
        total += value
    return total
