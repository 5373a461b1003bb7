"""What a source that fired adds to the sums of a layer: a kind of code for each kind of weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.c.table import Table
from snnvae.deploy.c.text import indented, loop

AT_ONCE = 4
"""Additions in a turn of a loop: a turn costs a small processor as much as an addition."""


@dataclass(frozen=True)
class Row:
    """Weights that follow each other in a table, the first at `at`."""

    table: Table
    at: str


@dataclass(frozen=True)
class Sums:
    """The sums that weights are added to: an array `name` of `kind`.

    factor: what a weight is multiplied with, such as " * (int32_t)2", so that no product is one of
    16 bits where int has those; "" for nothing.
    """

    name: str
    kind: str
    factor: str = ""

    def add(self, place: str, weight: str) -> str:
        """The statement that adds a weight."""
        return f"{place} += {weight}{self.factor};"

    def row(self, count: int, first: str, far: int, weights: Row | int) -> list[str]:
        """Adds `count` weights to the sums first, first + far, first + 2·far, … ("" for 0)."""
        array, at = ("", "") if isinstance(weights, int) else (weights.table.name, weights.at)

        def one(n: str, place: str) -> str:
            return self.add(place, str(weights) if isinstance(weights, int) else f"{array}[{n}]")

        if count == 1:
            return [one(at or "0", f"{self.name}[{first or '0'}]")]
        step = "o" if far == 1 else f"o * {far}u"
        to = f"{self.name}[{f'{first} + ' if first else ''}{step}]"
        place = f"{at} + o" if at else "o"
        if count % AT_ONCE:
            return loop("o", count, [one(place, to)])
        body = [f"{self.kind} *const to = &{to};"]
        if not isinstance(weights, int):
            body.append(f"const {weights.table.kind} *const weight = &{array}[{place}];")
            array = "weight"
        body += [one(str(n), f"to[{n * far}]") for n in range(AT_ONCE)]
        head = f"for (uint32_t o = 0u; o < {count}u; o += {AT_ONCE}u) {{"
        return [head, *indented(body), "}"]


@dataclass(frozen=True, eq=False)
class FanOut(ABC):
    """The synapses of a connection as C, seen from a `source`.

    times: by which the stored weights are multiplied. of_source: additions for each source that
    fires, int64 (n_in,).
    """

    tables: tuple[Table, ...]
    times: int
    of_source: np.ndarray

    @property
    def operations(self) -> int:
        """Additions where all sources fire."""
        return int(self.of_source.sum())

    @property
    @abstractmethod
    def told(self) -> str:
        """How the weights lie, for a comment."""

    @abstractmethod
    def body(self, sums: Sums) -> Sequence[str]:
        """The statements for one `source`."""

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return sum(table.size for table in self.tables)
