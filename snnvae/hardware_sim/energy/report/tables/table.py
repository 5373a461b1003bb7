"""A table as rows of text: one source for the page, for Markdown and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.hardware_sim.energy import units
from snnvae.hardware_sim.energy.interval import Interval


@dataclass(frozen=True)
class Table:
    """Rows of cells; those of the first column name the row. text: columns that are not numbers.

    foot: a last row that sums up.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: frozenset[int] = frozenset({0})
    foot: tuple[str, ...] = ()


def ratio(interval: Interval) -> str:
    """A ratio and its band."""
    low, middle, high = (
        units.significant(x) for x in (interval.low, interval.nominal, interval.high)
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def mean(values: np.ndarray) -> str:
    """The mean over the samples, as a count."""
    return units.integer(float(np.mean(values)))
