"""A bill: counts × prices, line by line. Every sum of a report is a sum over its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from snnvae.energy.interval import Interval
from snnvae.energy.profile import Price
from snnvae.energy.terms import Item

BILL_COLUMNS = (
    "place", "term", "count_per_sample", "price_low_pj", "price_nominal_pj", "price_high_pj",
    "energy_low_pj", "energy_nominal_pj", "energy_high_pj", "unknown",
)  # fmt: skip
"""Of `Bill.rows`. unknown: prices with the same one move together."""


@dataclass(frozen=True, eq=False)
class Line:
    """One term in one place. count: per sample (B,) or scalar; price: pJ for one of it.

    label: the unknown behind the price; lines of the same label move together within their bands.
    """

    where: str
    term: str
    count: np.ndarray
    price: Interval
    label: str

    @cached_property
    def energy(self) -> Interval:
        """Mean energy per sample, pJ."""
        return self.price * float(np.mean(self.count))


@dataclass(frozen=True, eq=False)
class Bill:
    """Lines, and their sums; energies in pJ per sample."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, items: Iterable[Item], prices: Mapping[str, Price]) -> Bill:
        """What the prices make of the items; items without a price are not on the bill."""
        return cls(
            tuple(
                Line(i.where, i.term, i.n, price.of(i.kind, i.words), price.label)
                for i in items
                if (price := prices.get(i.term)) is not None
            )
        )

    @cached_property
    def total(self) -> Interval:
        """All lines."""
        return Interval.total(line.energy for line in self.lines)

    @cached_property
    def terms(self) -> dict[str, Interval]:
        """By term."""
        return self._by(lambda line: line.term)

    @cached_property
    def labels(self) -> dict[str, Interval]:
        """By the unknown that moves the price."""
        return self._by(lambda line: line.label)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Each line as a row of `BILL_COLUMNS`, unrounded."""
        for line in self.lines:
            price, energy, count = line.price.ends, line.energy.ends, float(np.mean(line.count))
            yield line.where, line.term, count, *price, *energy, line.label

    def at(self, where: str) -> Bill:
        """The lines of one place."""
        return Bill(tuple(line for line in self.lines if line.where == where))

    def only(self, terms: Iterable[str]) -> Bill:
        """The lines of some terms."""
        kept = frozenset(terms)
        return Bill(tuple(line for line in self.lines if line.term in kept))

    def per_sample(self, samples: int) -> np.ndarray:
        """Nominal energy of each sample (B,), pJ."""
        zero = np.zeros(samples)
        return sum((line.count * line.price.nominal for line in self.lines), zero)

    def _by(self, key: Callable[[Line], str]) -> dict[str, Interval]:
        sums: dict[str, Interval] = {}
        for line in self.lines:
            sums[key(line)] = sums.get(key(line), Interval()) + line.energy
        return sums
