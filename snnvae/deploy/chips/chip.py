"""Chips as data: what one holds, each number with its unit and its source.

    format = 1
    name = "mychip"
    title = "One line for people"
    rules = "MC"                      # begins the name of each rule that a network breaks
    [sources]
    paper = "who, where, which table"
    [limit.neurons_per_core]          # any of LIMITS
    value = 1024
    unit = "neurons"
    source = "paper"
    grade = "published"
    [absent]                          # every other of LIMITS, with the reason
    max_delay = "not published"
    [synapse]                         # how synapses lie in memory, see SynapseFormat
    [mesh]                            # optional: how cores are joined, see Mesh

A number that nobody published stays absent and is not checked.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from snnvae.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMAT_VERSION = 1
LIMITS = {
    "cores_per_chip": "cores",
    "neurons_per_core": "neurons",
    "memory_per_core": "bytes",
    "in_axons_per_core": "axons",
    "out_axons_per_core": "axons",
    "max_delay": "steps",
    "weight_bits": "bits",
    "payload_bits": "bits",
    "state_bits": "bits",
    "threshold_bits": "bits",
    "decay_bits": "bits",
}
"""What a chip may say of itself, and the unit."""
NEEDED = ("cores_per_chip", "neurons_per_core", "memory_per_core", "weight_bits")


@dataclass(frozen=True)
class Limit:
    """A number, who says it and how well it is known."""

    value: int
    unit: str
    source: str
    grade: str


@dataclass(frozen=True)
class SynapseFormat:
    """How the synapses of one axon lie in memory.

    Up to `block` of them follow a header and are rounded up to whole words (0: no blocks); each
    holds its weight, its delay and the number of its target in one of `index_bits`. With
    `shared_kernels` a core stores the kernel of a convolution once, without targets.
    """

    word_bits: int
    block: int
    header_bits: int
    index_bits: tuple[int, ...]
    shared_kernels: bool
    source: str
    grade: str
    note: str

    def index_width(self, neurons: int) -> int:
        """Bits for the number of one of `neurons` targets."""
        needed = max(neurons - 1, 1).bit_length()
        return next((bits for bits in self.index_bits if bits >= needed), self.index_bits[-1])

    def axon_bits(self, synapses: np.ndarray, bits: int) -> np.ndarray:
        """Memory of axons with so many synapses of `bits` bits each."""
        if not self.block:
            return synapses * bits
        whole, rest = np.divmod(synapses, self.block)
        some: np.ndarray = whole * self._words(np.asarray(self.block), bits)
        return some + np.where(rest > 0, self._words(rest, bits), 0)

    def _words(self, synapses: np.ndarray, bits: int) -> np.ndarray:
        used = synapses * bits + self.header_bits
        words: np.ndarray = -(-used // self.word_bits) * self.word_bits
        return words


@dataclass(frozen=True)
class Mesh:
    """A grid of tiles, so many columns wide and rows high, with some cores on each.

    Cores are numbered tile by tile, tiles row by row; messages go along a row, then a column.
    """

    columns: int
    rows: int
    cores_per_tile: int
    source: str
    grade: str

    def tile(self, core: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(column, row) of cores on one chip."""
        row, column = np.divmod(core // self.cores_per_tile, self.columns)
        return column, row


@dataclass(frozen=True)
class Chip:
    """A chip: its limits by name, what is not known and why, its synapses' format and its mesh."""

    name: str
    title: str
    rules: str
    limits: Mapping[str, Limit]
    absent: Mapping[str, str]
    synapse: SynapseFormat
    mesh: Mesh | None = None

    def limit(self, name: str) -> int | None:
        """The limit's value, None where nobody published it (KeyError: no such limit)."""
        if name not in LIMITS:
            raise KeyError(name)
        known = self.limits.get(name)
        return None if known is None else known.value


def builtin_chips() -> tuple[str, ...]:
    """Names of the chips that come with snnvae."""
    folder = files("snnvae.deploy.chips")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_chip(name_or_path: str | Path) -> Chip:
    """A chip of ours by name, or a user's TOML file by path. ConfigError if it is not valid."""
    name = str(name_or_path)
    known = builtin_chips()
    if name in known:
        text = (files("snnvae.deploy.chips") / f"{name}.toml").read_text("utf8")
    elif not name.endswith(".toml"):
        raise ConfigError(
            f"no chip '{name}'; choose one of {', '.join(known)}, or give a .toml file"
        )
    else:
        try:
            text = Path(name).read_text("utf8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ConfigError(f"cannot read chip {name}: {reason}") from None
    try:
        return _Reader(name, tomllib.loads(text)).chip()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"chip {name} is not TOML: {error}") from None


class _Reader:
    """Turns a TOML table into a Chip and says what is wrong with it, and where."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name, self.data = name, data

    def chip(self) -> Chip:
        data = self.data
        if data.get("format") != FORMAT_VERSION:
            self._fail("format", f"is {data.get('format')!r}, this snnvae reads {FORMAT_VERSION}")
        tables = self._table(data, "limit")
        reasons = self._table(data, "absent")
        absent = {key: self._text(reasons, key) for key in reasons}
        for key in sorted({*tables, *absent} ^ set(LIMITS)):
            problem = "must be given, or absent with a reason" if key in LIMITS else "is not known"
            self._fail(f"limit.{key}", problem)
        for key in sorted(set(tables) & set(absent)):
            self._fail(f"absent.{key}", "has a value as well; remove one")
        for key in sorted({*NEEDED} & set(absent)):
            self._fail(f"absent.{key}", "is needed to place anything; give it")
        limits = {key: self._limit(self._table(tables, key), key) for key in tables}
        return Chip(
            self._text(data, "name"),
            self._text(data, "title"),
            self._text(data, "rules"),
            limits,
            absent,
            self._synapse(self._table(data, "synapse")),
            self._mesh(self._table(data, "mesh")) if "mesh" in data else None,
        )

    def _limit(self, table: dict[str, Any], key: str) -> Limit:
        unit = self._text(table, "unit")
        if unit != LIMITS[key]:
            self._fail(f"limit.{key}.unit", f"is '{unit}', must be '{LIMITS[key]}'")
        value = self._whole(table, "value")
        return Limit(value, unit, self._source(table), self._text(table, "grade"))

    def _synapse(self, table: dict[str, Any]) -> SynapseFormat:
        widths = table.get("index_bits")
        if not isinstance(widths, list) or not widths or widths != sorted(widths):
            self._fail("synapse.index_bits", "must be a list of rising numbers")
        if not isinstance(table.get("shared_kernels"), bool):
            self._fail("synapse.shared_kernels", "must be true or false")
        return SynapseFormat(
            max(self._whole(table, "word_bits"), 1),
            self._whole(table, "block"),
            self._whole(table, "header_bits"),
            tuple(widths),
            table["shared_kernels"],
            self._source(table),
            self._text(table, "grade"),
            self._text(table, "note"),
        )

    def _mesh(self, table: dict[str, Any]) -> Mesh:
        sizes = [self._whole(table, key) for key in ("columns", "rows", "cores_per_tile")]
        if not all(sizes):
            self._fail("mesh", "has a size of 0; leave the table out if it is not known")
        columns, rows, cores = sizes
        return Mesh(columns, rows, cores, self._source(table), self._text(table, "grade"))

    def _source(self, table: dict[str, Any]) -> str:
        key = self._text(table, "source")
        if key not in self._table(self.data, "sources"):
            self._fail(f"source '{key}'", "is not in [sources]; cite it there")
        return self._text(self.data["sources"], key)

    def _table(self, parent: dict[str, Any], key: str) -> dict[str, Any]:
        table = parent.get(key)
        if not isinstance(table, dict):
            self._fail(key, "must be a table")
        return table

    def _text(self, table: dict[str, Any], key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            self._fail(key, "must be a text")
        return value

    def _whole(self, table: dict[str, Any], key: str) -> int:
        value = table.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._fail(key, f"is {value!r}, must be a whole number of 0 or more")
        return value

    def _fail(self, at: str, problem: str) -> NoReturn:
        raise ConfigError(" ".join(f"chip {self.name}: {at} {problem}".split()))
