"""A number with its band: low ≤ nominal ≤ high. Adds and scales."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """low ≤ nominal ≤ high, in picojoules wherever it is an energy."""

    low: float = 0.0
    nominal: float = 0.0
    high: float = 0.0

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def __mul__(self, factor: float) -> Interval:
        """Times a factor ≥ 0."""
        return Interval(self.low * factor, self.nominal * factor, self.high * factor)

    def over(self, other: Interval) -> Interval:
        """The quotient, worst case at both ends: (low / high, nominal / nominal, high / low)."""
        return Interval(
            _ratio(self.low, other.high),
            _ratio(self.nominal, other.nominal),
            _ratio(self.high, other.low),
        )

    def overlaps(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high

    @staticmethod
    def total(parts: Iterable[Interval]) -> Interval:
        """Their sum."""
        return sum(parts, Interval())


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("inf")
