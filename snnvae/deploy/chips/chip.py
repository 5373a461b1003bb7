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

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from snnvae.errors import ConfigError
from snnvae.toml_table import TomlTable

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
    """The format in which the synapses of one axon lie in memory.

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
        return _chip(TomlTable.parse(f"chip {name}", text))
    if not name.endswith(".toml"):
        raise ConfigError(
            f"no chip '{name}'; choose one of {', '.join(known)}, or give a .toml file"
        )
    return _chip(TomlTable.read(f"chip {name}", Path(name)))


def _chip(table: TomlTable) -> Chip:
    if table.data.get("format") != FORMAT_VERSION:
        table.fail("format", f"is {table.data.get('format')!r}, this snnvae reads {FORMAT_VERSION}")
    limits, absent = table.table("limit"), table.table("absent").texts()
    for key in sorted({*limits.data, *absent} ^ set(LIMITS)):
        problem = "must be given, or absent with a reason" if key in LIMITS else "is not known"
        table.fail(f"limit.{key}", problem)
    for key in sorted({*limits.data} & set(absent)):
        table.fail(f"absent.{key}", "has a value as well; remove one")
    for key in sorted({*NEEDED} & set(absent)):
        table.fail(f"absent.{key}", "is needed to place anything; give it")
    return Chip(
        name=table.text("name"),
        title=table.text("title"),
        rules=table.text("rules"),
        limits={key: _limit(table, limits.table(key), LIMITS[key]) for key in limits.data},
        absent=absent,
        synapse=_synapse(table, table.table("synapse")),
        mesh=_mesh(table, table.table("mesh")) if "mesh" in table else None,
    )


def _limit(whole: TomlTable, table: TomlTable, unit: str) -> Limit:
    if table.text("unit") != unit:
        table.fail("unit", f"is '{table.text('unit')}', must be '{unit}'")
    return Limit(table.whole("value"), unit, _source(whole, table), table.text("grade"))


def _synapse(whole: TomlTable, table: TomlTable) -> SynapseFormat:
    widths = table.wholes("index_bits")
    if widths != sorted(widths):
        table.fail("index_bits", "must be a list of rising numbers")
    return SynapseFormat(
        word_bits=max(table.whole("word_bits"), 1),
        block=table.whole("block"),
        header_bits=table.whole("header_bits"),
        index_bits=tuple(widths),
        shared_kernels=table.flag("shared_kernels"),
        source=_source(whole, table),
        grade=table.text("grade"),
        note=table.text("note"),
    )


def _mesh(whole: TomlTable, table: TomlTable) -> Mesh:
    columns, rows, cores = (table.whole(key) for key in ("columns", "rows", "cores_per_tile"))
    if not columns * rows * cores:
        table.fail("columns", "or another size is 0; leave the mesh out if it is not known")
    return Mesh(columns, rows, cores, _source(whole, table), table.text("grade"))


def _source(whole: TomlTable, table: TomlTable) -> str:
    key, sources = table.text("source"), whole.table("sources")
    if key not in sources:
        table.fail("source", f"'{key}' is not in [sources]; cite it there")
    return sources.text(key)
