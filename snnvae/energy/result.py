"""EnergyReport: what an estimate gives. Frozen; per sample, in pJ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnvae.energy import units
from snnvae.energy.ann.baselines import AnnEnergy
from snnvae.energy.ann.twin import AnnTwin
from snnvae.energy.bill import BILL_COLUMNS, Bill
from snnvae.energy.compare import Comparison
from snnvae.energy.interval import Interval
from snnvae.energy.measure import Measured
from snnvae.energy.pace import Pace
from snnvae.energy.profile import EVIDENCE, Price, Profile
from snnvae.energy.sensitivity import Swing
from snnvae.energy.terms import GROUPS, SNN_TERMS
from snnvae.hardware_sim.counts import Counts
from snnvae.program import Precision
from snnvae.shown import Columns, Shown, as_columns


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


@dataclass(frozen=True, eq=False)
class EnergyReport(Shown):
    """What a run costs by one profile, per sample and in pJ, beside the ANN of the same topology.

    An estimate. `total` has low, nominal and high ends, by the prices' bands; `lower_bound` says
    that something material has no price. `price` makes one, `to_html` a page of it.

    activity: total at nominal prices with the 95 % confidence interval of its mean over the samples
    (the band of the prices is in `total`); None for a single sample. swings: what moves the answer
    (the ratio of `main` if that is a headline, else the total), widest first.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")), "fixed")
    >>> report = sv.price(program, sv.run(program, sv.make_stimulus(program)), "horowitz45")
    >>> report.total.low <= report.total.nominal <= report.total.high
    True
    >>> report.headline.verdict
    'more'
    """

    measured: Measured
    profile: Profile
    reference: Profile | None
    twin: AnnTwin
    bill: Bill
    activity: Interval | None
    unpriced: tuple[Unpriced, ...]
    ann: tuple[AnnEnergy, ...]
    comparisons: tuple[Comparison, ...]
    swings: tuple[Swing, ...]
    pace: Pace | None
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        beside, total = self.main, units.energy(self.total.nominal)
        least = "at least " if self.lower_bound else ""
        ratio = (
            f", {units.significant(beside.ratio.nominal)} times '{beside.ann.name}'"
            if beside and beside.headline
            else ""
        )
        return (
            f"<EnergyReport: {self.profile.name}, {least}{total} per sample of "
            f"{self.counts.steps} steps{ratio}, estimated>"
        )

    def columns(self) -> Columns:
        """A row per network (the spiking one, its ANNs), place and term, unrounded, per sample."""
        networks = (("spiking", self.bill), *((ann.name, ann.bill) for ann in self.ann))
        names = ("network", *BILL_COLUMNS)
        return as_columns(names, ((name, *row) for name, bill in networks for row in bill.rows()))

    @property
    def counts(self) -> Counts:
        """What was counted."""
        return self.measured.counts

    @property
    def program(self) -> str:
        """SHA-256 of the program."""
        return self.measured.program.digest()

    @property
    def precision(self) -> Precision:
        """Of the program."""
        return self.measured.program.precision

    @property
    def info(self) -> Mapping[str, object]:
        """What the recording says of itself."""
        return self.measured.info

    @property
    def layers(self) -> tuple[LayerEnergy, ...]:
        """Populations in the order of the network, and the network itself where it costs."""
        populations = [*(i.name for i in self.counts.inputs), *(x.name for x in self.counts.layers)]
        names = dict.fromkeys([*populations, *(line.where for line in self.bill.lines)])
        return tuple(LayerEnergy(name, self.bill.at(name).terms) for name in names)

    @property
    def total(self) -> Interval:
        """All layers and terms."""
        return self.bill.total

    @property
    def terms(self) -> dict[str, Interval]:
        """All layers, by term."""
        spent = self.bill.terms
        return {term: spent[term] for term in SNN_TERMS if term in spent}

    def group(self, layer: LayerEnergy, group: str) -> float:
        """Nominal energy of a layer's terms of a group."""
        return sum(layer.terms[t].nominal for t in GROUPS[group] if t in layer.terms)

    @property
    def groups(self) -> dict[str, Interval]:
        """All layers, by group of terms; those that cost nothing left out."""
        spent = self.terms
        sums = {
            group: Interval.total(spent[term] for term in terms if term in spent)
            for group, terms in GROUPS.items()
        }
        return {group: energy for group, energy in sums.items() if energy.high}

    @property
    def lower_bound(self) -> bool:
        """Something material is unpriced, or a price is published as a minimum."""
        minimum = any(self.prices[t].minimum for t in self.terms if t in self.prices)
        return minimum or any(u.material for u in self.unpriced)

    @property
    def prices(self) -> Mapping[str, Price]:
        """The prices that apply."""
        return self.profile.snn(self.precision)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Kinds of evidence of the prices in use, in the order of EVIDENCE."""
        used = {self.prices[t].backing.evidence for t in self.terms if t in self.prices}
        return tuple(word for word in EVIDENCE if word in used)

    @property
    def headline(self) -> Comparison | None:
        """The main comparison, if it is one of like with like."""
        return self.main if self.main and self.main.headline else None

    @property
    def main(self) -> Comparison | None:
        """The comparison with the ANN in the arithmetic nearest this program's."""
        nearest = "int8" if self.precision == "fixed" else "fp32"
        return next((c for c in self.comparisons if c.ann.arithmetic == nearest), None)
