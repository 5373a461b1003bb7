"""A number with its band: low ≤ nominal ≤ high. Adds, scales, and divides exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """low ≤ nominal ≤ high, in picojoules wherever it is an energy."""

    low: float = 0.0
    nominal: float = 0.0
    high: float = 0.0

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """A number without a band."""
        return cls(value, value, value)

    @property
    def ends(self) -> tuple[float, float, float]:
        """low, nominal and high."""
        return self.low, self.nominal, self.high

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def __mul__(self, factor: float) -> Interval:
        """Times a factor ≥ 0."""
        return Interval(self.low * factor, self.nominal * factor, self.high * factor)

    def times(self, other: Interval) -> Interval:
        """The product of two, neither below 0."""
        return Interval(self.low * other.low, self.nominal * other.nominal, self.high * other.high)

    @staticmethod
    def total(parts: Iterable[Interval]) -> Interval:
        """Their sum."""
        return sum(parts, Interval())


def quotient(above: Mapping[str, Interval], below: Mapping[str, Interval]) -> Interval:
    """``Σ above / Σ below`` where the parts of one key move together and different keys freely.

    A part goes from its `low` over `nominal` to its `high` (which may be the smallest number) as
    its unknown does. The quotient's extremes lie at such points of the unknowns; at which,
    Dinkelbach's iteration finds: the largest quotient q is the root of ``max Σ(a − q·b) = 0``.
    Infinite where Σ below can be 0.
    """
    nothing = Interval()
    pairs = [(above.get(k, nothing), below.get(k, nothing)) for k in {**above, **below}]
    if sum(min(b.ends) for _, b in pairs) <= 0:
        nominal = Interval.total(b for _, b in pairs).nominal
        top = sum(a.nominal for a, _ in pairs)
        middle = top / nominal if nominal > 0 else float("inf")
        return Interval(min(middle, 0.0), middle, float("inf"))
    middle = sum(a.nominal for a, _ in pairs) / sum(b.nominal for _, b in pairs)
    return Interval(_extreme(pairs, middle, -1.0), middle, _extreme(pairs, middle, 1.0))


def _extreme(pairs: list[tuple[Interval, Interval]], start: float, sign: float) -> float:
    """The largest (sign 1) or smallest (−1) quotient."""
    best = start
    while True:
        ends = [
            max(zip(a.ends, b.ends), key=lambda end: sign * (end[0] - best * end[1]))
            for a, b in pairs
        ]
        found = sum(a for a, _ in ends) / sum(b for _, b in ends)
        if sign * (found - best) <= 1e-12 * abs(best):
            return best if sign * (best - found) > 0 else found
        best = found
