"""Tables of discrete columns in CSV files; a cell that is empty, or `?`, is not known.

A table remembers how its file was written, blanks, quotes and line ends: what is filled in changes
nothing else.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np

from snnvae.draws.evidence import Variable
from snnvae.errors import DataError
from snnvae.families.tables.network import Rows
from snnvae.text_file import read_text

MOST_BYTES = 256 << 20
MOST_VALUES = 64
"""Of a column: one with more is no discrete variable."""
MISSING = ("", "?")
SHOWN = 8
"""Values that an error lists."""
CELL = re.compile(r'"[^"]*(?:""[^"]*)*"|[^,\r\n]*')
END = re.compile(r",|\r\n|\r|\n|\Z")


class Line(NamedTuple):
    """Cells as the file has them, and the line's end."""

    cells: list[str]
    end: str


@dataclass(frozen=True)
class CsvTable:
    """The cells of a file as text, in which "" is what is not known; lines: as they were."""

    path: Path
    columns: tuple[str, ...]
    cells: list[list[str]]
    lines: list[Line] = field(repr=False)
    mark: str = ""
    """A byte order mark before all, as spreadsheets want it."""

    @classmethod
    def read(cls, path: Path) -> CsvTable:
        """Reads a file with a header; DataError, which says what and where, where it is no
        table."""
        text = read_text(path, str(path), DataError, MOST_BYTES, "CSV")
        lines = list(_lines(path, text))
        columns = tuple(map(_value, lines[0].cells)) if lines and _is_row(lines[0]) else ()
        if len(columns) < 2:
            raise DataError(
                f"{path} has {len(columns)} columns; give a header of two or more names, with "
                "commas between"
            )
        cells: list[list[str]] = []
        for line in filter(_is_row, lines[1:]):
            row = [_value(cell) for cell in line.cells]
            cells.append(["" if cell in MISSING else cell for cell in row])
            if len(row) != len(columns):
                raise DataError(
                    f"{path}, row {len(cells)}: {len(row)} cells for {len(columns)} columns; mend "
                    "it"
                )
        if not cells:
            raise DataError(f"{path} has a header and no rows; add some")
        with path.open("rb") as file:
            marked = file.read(len(BOM_UTF8)) == BOM_UTF8
        return cls(path, columns, cells, lines, "\ufeff" if marked else "")

    def filled(self, values: Mapping[tuple[int, int], str]) -> str:
        """The text of the file with values in cells that it lacks, by row and column; all else is
        as it was."""
        texts, n = [self.mark], -1
        for line in self.lines:
            cells = list(line.cells)
            if n >= 0 and _is_row(line):
                for c in range(len(cells)):
                    if (n, c) in values:
                        cells[c] = _put(values[n, c], cells[c])
            n += _is_row(line)
            texts.append(",".join(cells) + line.end)
        return "".join(texts)

    def variables(self) -> tuple[Variable, ...]:
        """Each column with the values that occur in it, numbers by size, words by the alphabet;
        DataError for one of no name, or of no use."""
        found = []
        for n, name in enumerate(self.columns):
            if not name:
                raise DataError(
                    f"{self.path}: column {n + 1} has no name; give it one in the first line"
                )
            self._place(name)
            values = sorted({row[n] for row in self.cells} - {""}, key=_by_size)
            if not 2 <= len(values) <= MOST_VALUES:
                raise DataError(
                    f"{self.path}: column '{name[:80]}' has {len(values)} values, where 2 to "
                    f"{MOST_VALUES} are a discrete variable; leave it out, or put its values into "
                    "classes"
                )
            found.append(Variable(name, tuple(values)))
        return tuple(found)

    def places(self, variables: Sequence[Variable]) -> Rows:
        """The rows for these variables (n, N), −1 where a cell is not known; further columns say
        nothing.

        DataError for a column that is lacking, or there twice, and for a value that is not the
        variable's.
        """
        rows = np.full((len(self.cells), len(variables)), -1, np.int64)
        for i, variable in enumerate(variables):
            place = {value: k for k, value in enumerate(variable.values)}
            column = self._place(variable.name)
            for n, row in enumerate(self.cells):
                value = row[column]
                if value and value not in place:
                    known = ", ".join(variable.values[:SHOWN])
                    more = " …" if len(variable.values) > SHOWN else ""
                    raise DataError(
                        f"{self.path}, row {n + 1}, column '{variable.name}': the value "
                        f"'{value[:80]}' is none of {known}{more}; mend it, or leave it empty"
                    )
                rows[n, i] = place.get(value, -1)
        return rows

    def _place(self, name: str) -> int:
        """The one column of that name."""
        times = self.columns.count(name)
        if times > 1:
            raise DataError(f"{self.path}: column '{name[:80]}' a second time; name each once")
        if not times:
            raise DataError(
                f"{self.path} lacks the column '{name}'; add it, empty where it is not known"
            )
        return self.columns.index(name)


def _lines(path: Path, text: str) -> Iterator[Line]:
    """The lines of a text as RFC 4180 has them, in which a quoted cell may hold line ends."""
    at, number = 0, 1
    cells: list[str] = []
    while at < len(text) or cells:
        found = CELL.match(text, at)
        assert found is not None
        end = END.match(text, found.end())
        if end is None or (found[0].startswith('"') and (len(found[0]) < 2 or found[0][-1] != '"')):
            what = "more behind a quoted cell" if end is None else "a quote that is not closed"
            raise DataError(f"{path}, line {number}: {what}; save it as CSV")
        cells.append(found[0])
        at = end.end()
        number += found[0].count("\n")
        if end[0] != ",":
            yield Line(cells, end[0])
            cells, number = [], number + 1


def _is_row(line: Line) -> bool:
    """Tells an empty line, which is no row."""
    return line.cells != [""]


def _value(cell: str) -> str:
    """What a cell says."""
    return (cell[1:-1].replace('""', '"') if cell.startswith('"') else cell).strip()


def _put(value: str, cell: str) -> str:
    """A cell that says `value`, between the blanks that were there, if they need no quotes."""
    if not set(value).isdisjoint(',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    if cell.startswith('"'):
        return f'"{value}"'
    left = cell[: len(cell) - len(cell.lstrip())]
    return left + value + cell[len(left) + len(cell.strip()) :]


def _by_size(value: str) -> tuple[int, float, str]:
    with suppress(ValueError):
        if isfinite(number := float(value)):
            return 0, number, value
    return 1, 0.0, value
