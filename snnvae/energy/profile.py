"""A profile: the published price of each term, with the evidence for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Literal

from snnvae.energy.conventions import Counting
from snnvae.energy.interval import Interval
from snnvae.energy.terms import SNN_TERMS
from snnvae.program import Precision

EVIDENCE = ("measured", "simulated", "derived", "estimated")
"""How a price was found: on the chip, by simulating it, from published numbers, by judgement."""
CONFIDENCE = ("high", "medium", "low")
Scope = Literal["per_term", "all_in"]
BITS_OF_ACCESS = 64
"""Published memory energies are per access of so many bits."""


@dataclass(frozen=True)
class Source:
    """Who says it, and where in it: page, table or figure."""

    cite: str
    at: str
    doi: str = ""
    url: str = ""

    def __str__(self) -> str:
        """The citation with its place."""
        link = f", doi:{self.doi}" if self.doi else f", {self.url}" if self.url else ""
        return f"{self.cite}, {self.at}{link}"


@dataclass(frozen=True)
class Evidence:
    """Why a number is believed."""

    evidence: str
    source: Source
    confidence: str = ""
    note: str = ""

    @property
    def grade(self) -> str:
        """For a table: "measured, high confidence"."""
        return (
            f"{self.evidence}, {self.confidence} confidence" if self.confidence else self.evidence
        )


@dataclass(frozen=True)
class Price:
    """The price of one occurrence of a term, in pJ.

    energy: the price; of several, the whole range. by_kind: the price by kind of connection.
    by_bytes: (size of the memory in bytes, pJ per access of 64 bits), linear between; then `bits`
    are accessed at a time and a word takes `word_bits` of the memory. label: prices of one label
    are one unknown. accumulate: of an ANN's `mac`, the part that does not depend on the width of
    the activations. covers: terms that it contains; minimum: published as "at least".
    """

    energy: Interval
    backing: Evidence
    scope: Scope
    node_nm: float
    voltage_v: float
    label: str
    covers: tuple[str, ...] = ()
    minimum: bool = False
    by_kind: Mapping[str, Interval] = field(default_factory=dict)
    by_bytes: tuple[tuple[float, Interval], ...] = ()
    bits: float = BITS_OF_ACCESS
    word_bits: float = BITS_OF_ACCESS
    accumulate: float | None = None

    def of(self, kind: str, words: int) -> Interval:
        """For a kind of connection and a memory of so many words."""
        if self.by_kind:
            return self.by_kind.get(kind, self.energy)
        if self.by_bytes:
            share = self.bits / BITS_OF_ACCESS
            return _at(self.by_bytes, words * self.word_bits / 8) * share
        return self.energy

    def narrowed(self, share: float) -> Price:
        """An ANN's price where activations have `share` of the bits that it is given for."""
        kept = self.accumulate or 0.0
        part = Interval(*(kept + (e - kept) * share for e in self.energy.ends))
        return replace(self, energy=part, bits=self.bits * share, word_bits=self.word_bits * share)


def _at(points: tuple[tuple[float, Interval], ...], size: float) -> Interval:
    """Linear between the points; below the first one as there, beyond the last one onwards."""
    if len(points) == 1 or size <= points[0][0]:
        return points[0][1]
    pairs = list(pairwise(points))
    (x0, y0), (x1, y1) = next((p for p in pairs if size <= p[1][0]), pairs[-1])
    share = (size - x0) / (x1 - x0)
    ends = zip(y0.ends, y1.ends)
    return Interval(*(a + (b - a) * share for a, b in ends))


@dataclass(frozen=True)
class Quantity:
    """A published time per step (seconds) or static power (watts, of one chip or one core)."""

    value: Interval
    backing: Evidence
    per: Literal["", "chip", "core"] = ""


@dataclass(frozen=True)
class Profile:
    """Prices by group and term; terms left out on both sides; terms that nobody priced.

    node_nm: of the process, 0 where its maker does not say. reference: the profile that prices the
    ANN, if not this one. chip: whose placement counts messages and hops. counting: how its authors
    count operations.
    """

    name: str
    title: str
    summary: str
    node_nm: float
    voltage_v: float
    prices: Mapping[str, Mapping[str, Price]]
    excluded: Mapping[str, str]
    unpriced: Mapping[str, str]
    reference: str | None = None
    chip: str | None = None
    counting: Counting = "exact"
    step: Quantity | None = None
    static: Quantity | None = None

    @property
    def process(self) -> str:
        """Its process and voltage, as text."""
        node = f"{self.node_nm:g} nm" if self.node_nm else "process not stated"
        return f"{node}, {self.voltage_v:g} V"

    def snn(self, precision: Precision) -> Mapping[str, Price]:
        """Prices of a spiking network; those for its precision go before those for any."""
        return {**self.prices.get("any", {}), **self.prices.get(precision, {})}

    def ann(self, arithmetic: str) -> Mapping[str, Price]:
        """Prices of an ANN in "fp32" or "int8"."""
        return self.prices.get(f"ann_{arithmetic}", {})

    def covered(self, precision: Precision) -> frozenset[str]:
        """Terms that other prices contain: with an all-in price, all that is not said to miss."""
        prices = self.snn(precision)
        if any(price.scope == "all_in" for price in prices.values()):
            return frozenset(SNN_TERMS) - frozenset(prices) - frozenset(self.unpriced)
        return frozenset(term for price in prices.values() for term in price.covers)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Kinds of evidence behind its prices of spiking networks."""
        groups = ("any", "float", "fixed")
        found = {p.backing.evidence for g in groups for p in self.prices.get(g, {}).values()}
        return tuple(word for word in EVIDENCE if word in found)

    @property
    def scope(self) -> Scope:
        """Of its prices of spiking networks."""
        groups = ("any", "float", "fixed")
        scopes = {p.scope for g in groups for p in self.prices.get(g, {}).values()}
        return "all_in" if "all_in" in scopes else "per_term"

    def digest(self) -> str:
        """SHA-256 of everything that it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
