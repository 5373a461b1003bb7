"""Result: one measured figure beside a named alternative, and whether the aim was met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np


class DiffersError(Exception):
    """Two contenders did not compute the same: their times say nothing."""


@dataclass(frozen=True)
class Aim:
    """At least (or at most) `limit`; `stretch` is what would be better still."""

    limit: float
    stretch: float | None = None
    at_least: bool = True
    unit: str = "×"

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        stretch = "" if self.stretch is None else f" ({self.stretch:g})"
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{stretch} {self.unit}".rstrip()


@dataclass(frozen=True)
class Result:
    """A row of the table.

    value, other_value: what was measured of us and of the alternative, in `unit`. ratio: what the
    aim is about, other/ours unless stated. same: what was compared, and found equal. details: more
    figures, by name.
    """

    name: str
    ours: str
    value: float
    other: str
    other_value: float | None
    unit: str
    ratio: float
    aim: Aim
    same: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the aim was met."""
        return self.aim.met(self.ratio)

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {**asdict(self), "details": dict(self.details), "aim": str(self.aim)} | {
            "met": self.met
        }


def same_spikes(ours: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> str:
    """What was compared; `DiffersError` unless every population of both fired alike."""
    shared = [name for name in ours if name in other]
    if not shared:
        raise DiffersError("no population is in both")
    for name in shared:
        a, b = np.asarray(ours[name], bool), np.asarray(other[name], bool)
        b = b.reshape(a.shape) if a.size == b.size else b
        if not np.array_equal(a, b):
            wrong = int((a != b).sum()) if a.shape == b.shape else a.size
            raise DiffersError(f"'{name}': {wrong} of {a.size} spikes differ")
    total = sum(int(np.count_nonzero(ours[name])) for name in shared)
    return f"{total:,} spikes of {len(shared)} population{'s' * (len(shared) > 1)}"
