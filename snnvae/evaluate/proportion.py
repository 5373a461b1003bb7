"""Where a probability lies of which some trials came true."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054
"""Of the normal distribution 95 % lie within."""


def wilson(hits: int, samples: int) -> tuple[float, float]:
    """The 95 % interval of a probability of which `hits` of `samples` draws came true (Wilson)."""
    share, square = hits / samples, Z95**2
    middle = share + square / (2 * samples)
    half = Z95 * sqrt(share * (1 - share) / samples + square / (4 * samples**2))
    scale = 1 + square / samples
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
