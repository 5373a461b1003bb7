"""EnergyReport: what an estimate gives. Frozen; per sample, in pJ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnvae.hardware_sim.counts import Counts
from snnvae.hardware_sim.energy.ann import AnnTwin
from snnvae.hardware_sim.energy.compare import AnnEnergy, Comparison
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import GRADES, Price, Profile
from snnvae.hardware_sim.energy.terms import SNN_TERMS
from snnvae.program import Precision


@dataclass(frozen=True)
class LayerEnergy:
    """One population: mean energy per sample and term, in pJ."""

    name: str
    terms: Mapping[str, Interval]

    @property
    def total(self) -> Interval:
        """Sum of the terms."""
        return Interval.total(self.terms.values())


@dataclass(frozen=True)
class Unpriced:
    """A term without a price: why, how often per sample (None: not counted), does it matter."""

    term: str
    reason: str
    count: float | None
    material: bool


@dataclass(frozen=True)
class EnergyReport:
    """What a run costs by one profile, per sample and in pJ, beside the ANN of the same topology.

    activity: total at nominal prices with the 95 % confidence interval of its mean over the samples
    (the band of the prices is in `total`); None for a single sample. info: what the recording says
    of itself.
    """

    program: str
    precision: Precision
    profile: Profile
    reference: Profile | None
    counts: Counts
    twin: AnnTwin
    layers: tuple[LayerEnergy, ...]
    activity: Interval | None
    unpriced: tuple[Unpriced, ...]
    ann: tuple[AnnEnergy, ...]
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...]
    info: Mapping[str, object]

    @property
    def total(self) -> Interval:
        """All layers and terms."""
        return Interval.total(layer.total for layer in self.layers)

    @property
    def terms(self) -> dict[str, Interval]:
        """All layers, by term."""
        spent: dict[str, Interval] = {}
        for layer in self.layers:
            for term, energy in layer.terms.items():
                spent[term] = spent.get(term, Interval()) + energy
        return {term: spent[term] for term in SNN_TERMS if term in spent}

    @property
    def lower_bound(self) -> bool:
        """Something material is unpriced, or a price is published as a minimum."""
        minimum = any(self.prices[term].minimum for term in self.terms)
        return minimum or any(u.material for u in self.unpriced)

    @property
    def prices(self) -> Mapping[str, Price]:
        """The prices that apply."""
        return self.profile.snn(self.precision)

    @property
    def grades(self) -> tuple[str, ...]:
        """Evidence grades of the prices in use, in the order of GRADES."""
        used = {word for term in self.terms for word in self.prices[term].grade.split(", ")}
        return tuple(word for word in GRADES if word in used)

    @property
    def main(self) -> Comparison | None:
        """The comparison with the ANN in the arithmetic nearest this program's."""
        nearest = "int8" if self.precision == "fixed" else "fp32"
        return next((c for c in self.comparisons if c.ann.arithmetic == nearest), None)
