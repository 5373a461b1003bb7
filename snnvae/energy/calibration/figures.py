"""Figures measured on a chip, from a CSV file: one row per run, or per repetition of a run."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from snnvae.errors import DataError

MAX_BYTES = 10_000_000
COUNTERS = ("syn_ops", "dendrite_updates", "axon_out", "spikes_in")
"""What Lava's Loihi2Activity counts, summed over the cores and the whole run."""


class _Column(NamedTuple):
    """What a column may hold: numbers from `least` to `most`; whole: no fractions."""

    meaning: str
    least: float
    most: float
    whole: bool = False


_REQUIRED = {
    "steps": _Column("a whole number of steps", 1, 1e15, whole=True),
    "time_us": _Column("the mean time of a step in microseconds", 1e-6, 1e12),
    "total_w": _Column("watts", 0, 1e6),
    "static_w": _Column("watts", 0, 1e6),
}
_COLUMNS = {
    **_REQUIRED,
    "chips": _Column("a whole number of chips", 1, 1e6, whole=True),
    "active_chips": _Column("a whole number of chips", 1, 1e6, whole=True),
    "power_sd_w": _Column("a standard deviation in watts", 1e-15, 1e6),
    **dict.fromkeys(
        COUNTERS, _Column("a whole number of events in the whole run", 0, 1e18, whole=True)
    ),
}
_NEEDED = ", ".join(("run", *_REQUIRED))


@dataclass(frozen=True)
class Row:
    """One measurement. numbers: by column."""

    run: str
    line: int
    numbers: Mapping[str, float]

    def rate(self, counter: str) -> float:
        """Events per second."""
        return self.numbers[counter] / (self.numbers["steps"] * self.numbers["time_us"] * 1e-6)

    @property
    def dynamic_w(self) -> float:
        """Power beyond the static one. Idle chips have static power only, so it drops out."""
        return self.numbers["total_w"] - self.numbers["static_w"]


@dataclass(frozen=True)
class Figures:
    """The rows of a file. name: of the file; columns: of numbers; sha256: of its bytes."""

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class _MistakeError(Exception):
    """What is wrong in the file, behind its name: place, colon, problem and remedy."""


def read_figures(path: Path) -> Figures:
    """Read a CSV file. DataError, in one line with the place, for whatever is wrong in it."""
    path = Path(path)
    try:
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "not a regular file"
            reason = reason if path.exists() else "no such file"
            raise DataError(f"{path}: {reason}; give the CSV file with the measured figures")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    try:
        if len(data) > MAX_BYTES:
            size = MAX_BYTES // 10**6
            raise _MistakeError(f": more than {size} MB; give one row per run, not time series")
        (_, header), *lines = list(_lines(data)) or [(0, [])]
        columns = [cell.strip() for cell in header]
        _check_columns(columns)
        rows = tuple(_row(columns, line, cells) for line, cells in lines)
        if not rows:
            raise _MistakeError(": has a header but no rows; give one row per run")
    except _MistakeError as mistake:
        raise DataError(" ".join(f"{path}{mistake}".split())) from None
    numbers = tuple(name for name in columns if name != "run")
    return Figures(path.name, hashlib.sha256(data).hexdigest(), numbers, rows)


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not blank."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _MistakeError(": is not CSV: not UTF-8 text") from None
    if "\0" in text:
        raise _MistakeError(": is not CSV: it holds NUL bytes")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise _MistakeError(f", line {reader.line_num}: is not CSV: {error}") from None


def _check_columns(header: list[str]) -> None:
    if not header:
        raise _MistakeError(f": is empty; its first line names the columns: {_NEEDED}, …")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise _MistakeError(": is separated by semicolons or tabs; separate its columns by commas")
    known = ("run", *_COLUMNS)
    for name in header:
        if header.count(name) > 1:
            raise _MistakeError(f": names column '{name}' more than once; remove one")
        if name not in known:
            raise _MistakeError(
                f": has an unknown column '{name}'; use some of: {', '.join(known)}"
            )
    for name in ("run", *_REQUIRED):
        if name not in header:
            raise _MistakeError(f": lacks column '{name}'; it needs {_NEEDED}")
    if not set(header) & set(COUNTERS):
        raise _MistakeError(f": has no counter to price; give some of: {', '.join(COUNTERS)}")
    if "active_chips" in header and "chips" not in header:
        raise _MistakeError(": has 'active_chips' without 'chips'; add the number of all chips")


def _row(columns: list[str], line: int, cells: list[str]) -> Row:
    at = f", line {line}"
    if len(cells) != len(columns):
        raise _MistakeError(f"{at}: has {len(cells)} cells, the header {len(columns)} columns")
    found = dict(zip(columns, (cell.strip() for cell in cells)))
    run = found.pop("run")
    if not run:
        raise _MistakeError(f"{at}, column 'run': is empty; name the run")
    at += f" (run '{run}')"
    numbers = {name: _number(f"{at}, column '{name}'", name, t) for name, t in found.items()}
    if numbers.get("active_chips", 0) > numbers.get("chips", math.inf):
        raise _MistakeError(f"{at}: has more active chips than chips; correct one")
    return Row(run, line, numbers)


def _number(at: str, name: str, text: str) -> float:
    column, shown, value = _COLUMNS[name], text[:40], math.nan
    try:
        value = float(text.replace("_", "?"))
    except ValueError:
        wrong = f"'{shown}' is not a number" if text else "is empty"
    else:
        if not math.isfinite(value):
            wrong = f"{shown} is not finite"
        elif value < column.least:
            wrong = f"{shown} is below {column.least:g}"
        elif value > column.most:
            wrong = f"{shown} is above {column.most:g}"
        elif column.whole and not value.is_integer():
            wrong = f"{shown} has a fraction"
        else:
            return value
    raise _MistakeError(f"{at}: {wrong}; give {column.meaning}")
