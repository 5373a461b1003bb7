"""A profile: the published price of each term, with the evidence for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.terms import SNN_TERMS
from snnvae.program import Precision

GRADES = ("measured", "fitted", "simulated", "derived", "assumed", "high", "medium", "low")
"""Words of an evidence grade: how a price was found, and how far to trust it."""


@dataclass(frozen=True)
class Price:
    """The price of one occurrence of a term, in pJ, and where it comes from."""

    energy: Interval
    grade: str
    scope: str
    source: str
    node_nm: float
    voltage_v: float
    covers: tuple[str, ...] = ()
    minimum: bool = False


@dataclass(frozen=True)
class Profile:
    """Prices by group and term; terms left out on both sides; terms that nobody priced."""

    name: str
    title: str
    summary: str
    node_nm: float
    voltage_v: float
    prices: Mapping[str, Mapping[str, Price]]
    excluded: Mapping[str, str]
    unpriced: Mapping[str, str]
    reference: str | None = None

    def snn(self, precision: Precision) -> Mapping[str, Price]:
        """Prices of a spiking network; those for its precision go before those for any."""
        return {**self.prices.get("any", {}), **self.prices.get(precision, {})}

    def ann(self, arithmetic: str) -> Mapping[str, Price]:
        """Prices of an ANN in "fp32" or "int8"."""
        return self.prices.get(f"ann_{arithmetic}", {})

    def covered(self, precision: Precision) -> frozenset[str]:
        """Terms that other prices contain; every term but "sop", if that price is all-in."""
        prices = self.snn(precision)
        if any(price.scope == "all_in" for price in prices.values()):
            return frozenset(SNN_TERMS) - frozenset(prices)
        return frozenset(term for price in prices.values() for term in price.covers)

    def digest(self) -> str:
        """SHA-256 of everything that it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
