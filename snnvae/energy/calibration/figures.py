"""Figures measured on a chip, from a CSV file: one row per run, or per repetition of a run."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from snnvae.errors import DataError

MAX_BYTES = 10_000_000
COUNTERS = ("syn_ops", "dendrite_updates", "axon_out", "spikes_in")
"""What Lava's Loihi2Activity counts, summed over the cores and the whole run."""


@dataclass(frozen=True)
class Column:
    """What a column may hold: numbers from `least` to `most`; whole: no fractions."""

    meaning: str
    least: float
    most: float
    whole: bool = False


_COUNT = Column("a whole number of events in the whole run", 0, 1e18, whole=True)
_REQUIRED = {
    "steps": Column("a whole number of steps", 1, 1e15, whole=True),
    "time_us": Column("the mean time of a step in microseconds", 1e-6, 1e12),
    "total_w": Column("watts", 0, 1e6),
    "static_w": Column("watts", 0, 1e6),
}
_OPTIONAL = {
    "chips": Column("a whole number of chips", 1, 1e6, whole=True),
    "active_chips": Column("a whole number of chips", 1, 1e6, whole=True),
    "power_sd_w": Column("a standard deviation in watts", 1e-15, 1e6),
    **dict.fromkeys(COUNTERS, _COUNT),
}
_NUMBERS: Mapping[str, Column] = {**_REQUIRED, **_OPTIONAL}
_NEEDED = ("run", *_REQUIRED)


@dataclass(frozen=True)
class Row:
    """One measurement. numbers: by column; see `Figures.columns` for those that are there."""

    run: str
    line: int
    numbers: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """Time of all its steps."""
        return self.numbers["steps"] * self.numbers["time_us"] * 1e-6

    @property
    def dynamic_w(self) -> float:
        """Power beyond the static one. Idle chips have static power only, so it drops out."""
        return self.numbers["total_w"] - self.numbers["static_w"]

    @property
    def static_per_chip_w(self) -> float | None:
        """The board's static power by its number of chips; None where that is not given."""
        chips = self.numbers.get("chips")
        return self.numbers["static_w"] / chips if chips else None


@dataclass(frozen=True)
class Figures:
    """The rows of a file. name: of the file; columns: of numbers; sha256: of its bytes."""

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def counters(self) -> tuple[str, ...]:
        """The counters that it has."""
        return tuple(c for c in COUNTERS if c in self.columns)


def read_figures(path: Path) -> Figures:
    """Read a CSV file. DataError, in one line with the place, for whatever is wrong in it."""
    path = Path(path)
    try:
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "not a regular file"
            reason = found if path.exists() else "no such file"
            raise DataError(f"{path}: {reason}; give the CSV file with the measured figures")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise DataError(
            f"{path}: more than {MAX_BYTES // 10**6} MB; give one row per run, not time series"
        )
    return _Reader(path).figures(data)


class _Reader:
    """Reads the text of one file; every mistake is raised with its line and column."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def figures(self, data: bytes) -> Figures:
        lines = self._lines(data)
        _, header = next(lines, (0, []))
        if not header:
            self._fail("", f"is empty; its first line names the columns: {', '.join(_NEEDED)}, …")
        columns = self._columns([cell.strip() for cell in header])
        rows = tuple(self._row(columns, line, cells) for line, cells in lines)
        if not rows:
            self._fail("", "has a header but no rows; give one row per run")
        numbers = tuple(c for c in columns if c != "run")
        return Figures(self._path.name, hashlib.sha256(data).hexdigest(), numbers, rows)

    def _lines(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """Number and cells of each line that is not blank."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._fail("", "is not CSV: not UTF-8 text")
        if "\0" in text:
            self._fail("", "is not CSV: it holds NUL bytes")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            self._fail(f", line {reader.line_num}", f"is not CSV: {error}")

    def _columns(self, header: Sequence[str]) -> tuple[str, ...]:
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            self._fail("", "is separated by semicolons or tabs; separate its columns by commas")
        known = ("run", *_NUMBERS)
        for name in header:
            if header.count(name) > 1:
                self._fail("", f"names column '{name}' more than once; remove one")
            if name not in known:
                self._fail("", f"has an unknown column '{name}'; use some of: {', '.join(known)}")
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            self._fail("", f"lacks column '{missing[0]}'; it needs {', '.join(_NEEDED)}")
        if not set(header) & set(COUNTERS):
            self._fail("", f"has no counter to price; give some of: {', '.join(COUNTERS)}")
        if "active_chips" in header and "chips" not in header:
            self._fail("", "has 'active_chips' without 'chips'; add the number of all chips")
        return tuple(header)

    def _row(self, columns: Sequence[str], line: int, cells: Sequence[str]) -> Row:
        if len(cells) != len(columns):
            self._fail(
                f", line {line}", f"has {len(cells)} cells, the header {len(columns)} columns"
            )
        found = dict(zip(columns, (cell.strip() for cell in cells)))
        run = found.pop("run")
        if not run:
            self._fail(f", line {line}, column 'run'", "is empty; name the run")
        numbers = {name: self._number(name, text, line, run) for name, text in found.items()}
        if numbers.get("active_chips", 0) > numbers.get("chips", math.inf):
            self._fail(
                f", line {line} (run '{run}')", "has more active chips than chips; correct one"
            )
        return Row(run, line, numbers)

    def _number(self, name: str, text: str, line: int, run: str) -> float:
        column, at = _NUMBERS[name], f", line {line} (run '{run}'), column '{name}'"
        try:
            value = float(text.replace("_", "?"))
        except ValueError:
            what = f"'{text[:40]}' is not a number" if text else "is empty"
            self._fail(at, f"{what}; give {column.meaning}")
        if not math.isfinite(value):
            self._fail(at, f"{text} is not finite; give {column.meaning}")
        if not column.least <= value <= column.most:
            limit = f"below {column.least:g}" if value < column.least else f"above {column.most:g}"
            self._fail(at, f"{text[:40]} is {limit}; give {column.meaning}")
        if column.whole and not value.is_integer():
            self._fail(at, f"{text[:40]} has a fraction; give {column.meaning}")
        return value

    def _fail(self, at: str, problem: str) -> NoReturn:
        raise DataError(" ".join(f"{self._path}{at}: {problem}".split()))
