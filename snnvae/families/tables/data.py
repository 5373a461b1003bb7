"""Where rows come from: a Bayesian network, which they are drawn from, or a table in a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from snnvae.draws.evidence import Variable
from snnvae.errors import ConfigError, DataError
from snnvae.families.tables.bif import read_bif
from snnvae.families.tables.csv_table import CsvTable
from snnvae.families.tables.inference import is_tractable
from snnvae.families.tables.network import Network, Rows

NETWORKS = ("asia", "sachs", "child")
"""Those that ship with the package."""
HELD_OUT = 0.1
"""Part of a table's rows."""
TRAINED, TESTED, QUERIED = range(3)
"""Streams of random numbers: the rows that are trained on, that are held out, and what is asked."""


@dataclass(frozen=True)
class Source:
    """variables: in the order of their turns; network: None of a table, whose rows are `table`."""

    variables: tuple[Variable, ...]
    network: Network | None = None
    table: Rows | None = None

    @property
    def exact(self) -> Network | None:
        """The network, if its exact answers can be had."""
        return self.network if self.network and is_tractable(self.network) else None

    def split(self, rows: int, seed: int) -> tuple[Rows, Rows]:
        """Rows to train on, and rows held out: drawn from the network, or parts of the
        table that the seed decides."""
        if self.network is not None:
            held_out = max(1, round(rows * HELD_OUT))
            return (
                self.network.sample(rows, seed, TRAINED),
                self.network.sample(held_out, seed, TESTED),
            )
        assert self.table is not None
        random = np.random.Generator(np.random.Philox(key=seed))
        order = random.permutation(len(self.table))
        count = max(1, round(len(self.table) * HELD_OUT))
        return self.table[order[count:]], self.table[order[:count]]


def load(dataset: str, where: Path | None = None) -> Source:
    """The rows' source: a network by its name, or a file (.bif, .csv), which may lie in `where`."""
    if dataset in NETWORKS:
        found = _shipped(dataset)
        return Source(found.variables, found)
    path = Path(dataset)
    if where is not None and not path.exists() and (where / path).exists():
        path = where / path
    if path.suffix.lower() == ".bif":
        network = read_bif(path)
        check_size(network.variables, path)
        return Source(network.variables, network)
    if path.suffix.lower() == ".csv":
        table = CsvTable.read(path)
        check_number(len(table.columns), path)
        variables = table.variables()
        rows = table.places(variables)
        rows = rows[(rows >= 0).any(1)]  # of the others nothing is known
        if len(rows) < 3:
            raise DataError(f"{path} has {len(rows)} rows with any value; give three or more")
        check_size(variables, path)
        return Source(variables, table=rows)
    raise ConfigError(
        f"`dataset` {dataset!r} is unknown: use {', '.join(NETWORKS)}, FILE.bif or FILE.csv"
    )


MOST_VARIABLES, MOST_NEURONS = 500, 10_000


def check_size(variables: Sequence[Variable], path: Path) -> None:
    """DataError for more variables, or values, than a network of neurons is made for."""
    check_number(len(variables), path)
    values = sum(len(variable.values) for variable in variables)
    if values > MOST_NEURONS:
        raise DataError(
            f"{path} has variables of {values:,} values in all; give {MOST_NEURONS:,} at most"
        )


def check_number(variables: int, path: Path) -> None:
    """DataError for fewer variables than two, or more than a network is made for."""
    if not 2 <= variables <= MOST_VARIABLES:
        raise DataError(f"{path} has {variables} variables; give 2 to {MOST_VARIABLES} of them")


@lru_cache
def _shipped(name: str) -> Network:
    with as_file(files("snnvae.families.tables").joinpath(f"networks/{name}.bif")) as path:
        return read_bif(path)
