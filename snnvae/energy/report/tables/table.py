"""A table as rows of text: one source for the page, for Markdown and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.energy import units


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


def mean(values: np.ndarray) -> str:
    """The mean over the samples, as a count."""
    return units.integer(float(np.mean(values)))
