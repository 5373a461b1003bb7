"""The spiking network beside its ANN twin: energies, ratio, verdict, break-even rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from snnvae.hardware_sim.energy.ann import AnnTwin
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import Profile

Verdict = Literal["less", "more", "inconclusive", "not comparable"]


@dataclass(frozen=True)
class AnnEnergy:
    """The twin's energy per sample, in pJ: in fp32 or int8; memory at ideal reuse, or none."""

    arithmetic: str
    memory: bool
    terms: Mapping[str, Interval]

    @property
    def name(self) -> str:
        """As in a table."""
        return f"ANN {self.arithmetic}, {'ideal reuse' if self.memory else 'compute only'}"

    @property
    def total(self) -> Interval:
        """Sum of the terms."""
        return Interval.total(self.terms.values())


@dataclass(frozen=True)
class BreakEven:
    """Where E_SNN = fixed + slope·rate meets E_ANN: even = (E_ANN − fixed) / slope, nominal.

    rate: mean spikes per source and step, weighted by fan-out, now; even: at break-even, None for
    never (fixed ≥ E_ANN) or where nothing depends on spikes; steps: T.
    """

    fixed: float
    slope: float
    rate: float
    even: float | None
    steps: int

    @property
    def even_per_synapse(self) -> float | None:
        """At break-even: spikes per synapse and sample, rate*·T."""
        return None if self.even is None else self.even * self.steps


@dataclass(frozen=True)
class Comparison:
    """One ANN against the spiking network. ratio: E_SNN / E_ANN, worst case at both ends.

    headline: same process, voltage and scope, so that the ratio says something of the networks;
    label says so, or why not.
    """

    ann: AnnEnergy
    ratio: Interval
    verdict: Verdict
    headline: bool
    label: str
    break_even: BreakEven


def ann_energies(twin: AnnTwin, reference: Profile) -> tuple[AnnEnergy, ...]:
    """The twin in fp32 and int8, compute only and, where memory has prices, at ideal reuse."""
    energies = []
    for arithmetic in ("fp32", "int8"):
        prices = reference.ann(arithmetic)
        for memory in (False, True):
            counts = twin.quantities(memory)
            if set(counts) <= set(prices):
                terms = {term: prices[term].energy * n for term, n in counts.items()}
                energies.append(AnnEnergy(arithmetic, memory, terms))
    return tuple(energies)


def like_for_like(energies: tuple[AnnEnergy, ...]) -> tuple[AnnEnergy, ...]:
    """Those of the profile's own scope: with memory where it prices memory."""
    memory = any(e.memory for e in energies)
    return tuple(e for e in energies if e.memory == memory)


def compare(
    snn: Interval,
    ann: AnnEnergy,
    *,
    profile: Profile,
    reference: Profile,
    lower_bound: bool,
    break_even: BreakEven,
) -> Comparison:
    """Totals per sample, compared. lower_bound: something material is missing from `snn`."""
    own, other = (f"{p.node_nm:g} nm, {p.voltage_v:g} V" for p in (profile, reference))
    headline = own == other and profile.digest() == reference.digest()
    if headline:
        label, verdict = f"same process and scope ({own})", _verdict(snn, ann.total, lower_bound)
    else:
        names = f"{profile.title} ({own}) against {reference.title} ({other})"
        label = f"different processes or scopes: {names}"
        verdict = "not comparable"
    return Comparison(ann, snn.over(ann.total), verdict, headline, label, break_even)


def _verdict(snn: Interval, ann: Interval, lower_bound: bool) -> Verdict:
    """A lower bound can show that the spiking network needs more, never that it needs less."""
    if snn.overlaps(ann):
        return "inconclusive"
    if snn.low > ann.high:
        return "more"
    return "inconclusive" if lower_bound else "less"


def break_even(snn: float, on_events: float, ann: float, rate: float, steps: int) -> BreakEven:
    """From energies per sample: snn in all, its part in proportion to spikes, and the ANN's."""
    fixed = snn - on_events
    slope = on_events / rate if rate else 0.0
    even = (ann - fixed) / slope if slope and ann > fixed else None
    return BreakEven(fixed, slope, rate, even, steps)


KNOWN_BREAK_EVENS: tuple[tuple[str, str], ...] = (
    ("0.15 to 1.38 spikes per synapse and inference", "Dampfhoffer et al. 2022"),
    ("1.72 spikes per synapse and inference", "Davidson & Furber 2021"),
    ("mean rate below 5.7 to 6.4 %, T ≈ 5, memory and data movement", "Yan, Bai & Wong"),
    ("mean rate 0.32 at T = 16, arithmetic only", "4.6 pJ / (0.9 pJ · 16), Horowitz 2014"),
)
