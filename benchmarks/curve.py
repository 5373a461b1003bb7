"""A measured curve."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Curve:
    """Seconds and megabytes over x."""

    label: str
    x: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
