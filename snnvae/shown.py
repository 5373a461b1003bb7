"""How a value shows itself: a line at the prompt, a table in a notebook, columns for pandas."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from snnvae.table import Table

Columns = dict[str, list[Any]]
"""Lists of equal length by name, as ``pandas.DataFrame`` takes them."""
MOST_ROWS = 60
"""Of a table in a notebook."""


class Shown:
    """A value with columns. Its repr is one line that says what it is."""

    @abstractmethod
    def columns(self) -> Columns:
        """The value as a table: lists of equal length by name, for ``pandas.DataFrame``."""

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: the line and the table, cut after `MOST_ROWS` rows."""
        columns = self.columns()
        rows = [tuple(map(_text, row)) for row in zip(*columns.values())]
        foot = (f"… {len(rows)} rows in all",) if len(rows) > MOST_ROWS else ()
        return Table((*columns,), rows[:MOST_ROWS], foot=foot, caption=repr(self)).as_html(
            bare=True
        )


def as_columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    """Rows as columns; every name has one, even without any row."""
    columns: Columns = {name: [] for name in names}
    for row in rows:
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return columns


def shape_text(shape: Sequence[int]) -> str:
    """(64, 1, 1) → "64×1×1"."""
    return "×".join(map(str, shape))


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
