"""Tables of discrete columns in CSV files; a cell that is empty, or `?`, is not known."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path

import numpy as np

from snnvae.draws.evidence import Variable
from snnvae.errors import DataError
from snnvae.families.tables.network import Rows
from snnvae.files import said_of
from snnvae.git_lfs import refuse_pointer

MOST_BYTES = 256 << 20
MOST_COLUMNS = 1000
MOST_VALUES = 64
"""Of a column: one with more is no discrete variable."""
MISSING = ("", "?")
SHOWN = 8
"""Values that an error lists."""


@dataclass(frozen=True)
class CsvTable:
    """The cells of a file as text, in which "" is what is not known."""

    path: Path
    columns: tuple[str, ...]
    cells: list[list[str]]

    @classmethod
    def read(cls, path: Path) -> CsvTable:
        """Reads a file with a header; DataError, which says what and where, where it is no table
        or of no use."""
        try:
            size = path.stat().st_size
            if size > MOST_BYTES:
                raise DataError(f"{path}: {size:,} bytes, of which {MOST_BYTES:,} are read; cut it")
            refuse_pointer(path, DataError)
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = csv.reader(file, strict=True)
                columns = tuple(name.strip() for name in next(lines, []))
                cls._check_header(path, columns)
                cells = list(_rows(path, lines, columns))
        except UnicodeDecodeError:
            raise DataError(f"{path} is no text in UTF-8; save it as CSV in UTF-8") from None
        except csv.Error as error:
            raise DataError(f"{path}, line {lines.line_num}: {error}; save it as CSV") from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {said_of(error)}; give a .csv file") from None
        if not cells:
            raise DataError(f"{path} has a header and no rows; add some")
        return cls(path, columns, cells)

    def filled(self, cells: Sequence[Sequence[str]]) -> str:
        """The text of a file of the same columns with other cells, which it holds as they are."""
        buffer = StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([self.columns, *cells])
        return buffer.getvalue()

    @staticmethod
    def _check_header(path: Path, columns: Sequence[str]) -> None:
        if len(columns) < 2:
            raise DataError(
                f"{path} has {len(columns)} columns; give a header of two or more names, with "
                "commas between"
            )
        if len(columns) > MOST_COLUMNS:
            raise DataError(f"{path} has {len(columns)} columns, of which {MOST_COLUMNS} are read")
        for n, name in enumerate(columns, 1):
            if not name:
                raise DataError(f"{path}: column {n} has no name; give it one in the first line")
            if name in columns[: n - 1]:
                raise DataError(f"{path}: column '{name[:80]}' a second time; name each once")

    def variables(self) -> tuple[Variable, ...]:
        """Each column with the values that occur in it, numbers by size, words by the alphabet."""
        found = []
        for n, name in enumerate(self.columns):
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
        """The rows for these variables (n, N), −1 where a cell is not known.

        DataError for a column that is lacking or strange, and for a value that is not the
        variable's.
        """
        names = [variable.name for variable in variables]
        for name in names:
            if name not in self.columns:
                raise DataError(
                    f"{self.path} lacks the column '{name}'; add it, empty where it is not known"
                )
        for name in self.columns:
            if name not in names:
                known = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
                raise DataError(
                    f"{self.path}: column '{name[:80]}' is no variable of the model, which has "
                    f"{known}; leave it out"
                )
        rows = np.full((len(self.cells), len(names)), -1, np.int64)
        for i, variable in enumerate(variables):
            place = {value: k for k, value in enumerate(variable.values)}
            column = self.columns.index(variable.name)
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


def _rows(path: Path, lines: Iterator[list[str]], columns: Sequence[str]) -> Iterator[list[str]]:
    n = 0
    for cells in lines:
        if not cells:  # an empty line
            continue
        n += 1
        if len(cells) != len(columns):
            raise DataError(
                f"{path}, row {n}: {len(cells)} cells for {len(columns)} columns; mend it"
            )
        stripped = [cell.strip() for cell in cells]
        yield ["" if cell in MISSING else cell for cell in stripped]


def _by_size(value: str) -> tuple[int, float, str]:
    with suppress(ValueError):
        if isfinite(number := float(value)):
            return 0, number, value
    return 1, 0.0, value
