"""The spiking network beside its ANN twin: ratio with its band, verdict, break-even rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnvae.energy.ann.baselines import AnnEnergy
from snnvae.energy.bill import Bill
from snnvae.energy.confidence import ratio_interval
from snnvae.energy.interval import Interval, quotient
from snnvae.energy.profile import Profile
from snnvae.energy.terms import SNN_TERMS, UNCOUNTED

Verdict = Literal["less", "more", "inconclusive", "not comparable"]


@dataclass(frozen=True)
class BreakEven:
    """Where E_SNN = fixed + slope·rate meets E_ANN: even = (E_ANN − fixed) / slope.

    rate: mean spikes per source and step, weighted by fan-out, now; even: at break-even, with the
    band of the prices, None for never (fixed ≥ E_ANN at nominal prices) or where nothing depends on
    spikes; steps: T. fixed and slope in pJ, with all unknowns at their low or high ends.
    """

    fixed: Interval
    slope: Interval
    rate: float
    even: Interval | None
    steps: int

    @property
    def even_per_synapse(self) -> float | None:
        """At break-even: spikes per synapse and sample, rate*·T."""
        return None if self.even is None else self.even.nominal * self.steps

    @property
    def per_synapse(self) -> float:
        """Spikes per synapse and sample of this run."""
        return self.rate * self.steps


@dataclass(frozen=True, eq=False)
class Comparison:
    """One ANN against the spiking network.

    ratio: E_SNN / E_ANN over the bands of the prices, where one unknown moves both sides at once;
    activity: its confidence interval over the samples, at nominal prices. headline: same process,
    voltage and scope, so that the ratio says something of the networks; label says so, or why not.
    """

    ann: AnnEnergy
    ratio: Interval
    activity: Interval | None
    verdict: Verdict
    headline: bool
    label: str
    break_even: BreakEven


def compare(
    snn: Bill,
    ann: AnnEnergy,
    *,
    profile: Profile,
    reference: Profile,
    lower_bound: bool,
    break_even: BreakEven,
    samples: int,
) -> Comparison:
    """Bills per sample, compared. lower_bound: something material is missing from `snn`."""
    own, other = profile.process, reference.process
    alone = [
        term for term in SNN_TERMS if term in UNCOUNTED and snn.terms.get(term, Interval()).high > 0
    ]
    headline = profile.digest() == reference.digest() and not alone
    ratio = quotient(snn.labels, ann.bill.labels)
    if headline:
        label, verdict = f"same process and scope ({own})", verdict_of(ratio, lower_bound)
    else:
        label, verdict = _why_not(profile, reference, own, other, alone), "not comparable"
    of_ann = ann.bill.per_sample(samples)
    activity = None if (of_ann <= 0).any() else ratio_interval(snn.per_sample(samples), of_ann)
    return Comparison(ann, ratio, activity, verdict, headline, label, break_even)


def _why_not(profile: Profile, reference: Profile, own: str, other: str, alone: list[str]) -> str:
    """Why two energies make no verdict."""
    if profile.digest() == reference.digest():
        return f"different scopes: only the spiking network pays for {', '.join(alone)}"
    names = f"{profile.title} ({own}) against {reference.title} ({other})"
    return f"different {'scopes' if own == other else 'processes or scopes'}: {names}"


def verdict_of(ratio: Interval, lower_bound: bool) -> Verdict:
    """A lower bound can show that the spiking network needs more, never that it needs less."""
    if ratio.low > 1:
        return "more"
    return "less" if ratio.high < 1 and not lower_bound else "inconclusive"


def break_even(fixed: Bill, on_events: Bill, ann: Bill, rate: float, steps: int) -> BreakEven:
    """From bills per sample: what does not depend on spikes, what is in proportion, the ANN's.

    Of a driven update both bills hold a part: see `estimate`.
    """
    still, other = fixed.total, ann.total.nominal
    slope = on_events.total * (1 / rate) if rate else Interval()
    even = None
    if slope.nominal and other > still.nominal:
        above = _difference(ann, fixed)
        scaled = {label: e * (1 / rate) for label, e in on_events.labels.items()}
        found = quotient(above, scaled)
        even = Interval(max(found.low, 0.0), found.nominal, found.high)
    return BreakEven(still, slope, rate, even, steps)


def _difference(a: Bill, b: Bill) -> dict[str, Interval]:
    """a − b, unknown by unknown: `low` is where the unknown is low."""
    nothing = Interval()
    found = {}
    for label in {**a.labels, **b.labels}:
        x, y = a.labels.get(label, nothing), b.labels.get(label, nothing)
        found[label] = Interval(x.low - y.low, x.nominal - y.nominal, x.high - y.high)
    return found


def mean_rate(sop: np.ndarray, possible: float) -> float:
    """Operations done of all possible, per sample: spikes per source and step, fan-out weighted."""
    return float(sop.mean()) / possible if possible else 0.0


KNOWN_BREAK_EVENS: tuple[tuple[str, str], ...] = (
    ("0.15 to 1.38 spikes per synapse and inference", "Dampfhoffer et al. 2022"),
    ("1.72 spikes per synapse and inference", "Davidson & Furber 2021"),
    ("mean rate below 5.7 to 6.4 %, T ≈ 5, memory and data movement", "Yan, Bai & Wong"),
    ("mean rate 0.32 at T = 16, arithmetic only", "4.6 pJ / (0.9 pJ · 16), Horowitz 2014"),
)
