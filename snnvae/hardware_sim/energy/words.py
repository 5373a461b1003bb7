"""What a report says in sentences, the same in HTML, JSON and on the terminal."""

from __future__ import annotations

from snnvae.hardware_sim.energy import units
from snnvae.hardware_sim.energy.compare import BreakEven, Comparison
from snnvae.hardware_sim.energy.result import EnergyReport

DISCLAIMER = "Estimate, not a measurement"


def opening(report: EnergyReport) -> str:
    """The first line: what this is, how good the prices are, what is in and what is out."""
    included = ", ".join(report.terms) or "nothing"
    out = [*report.profile.excluded, *(u.term for u in report.unpriced)]
    excluded = f" Not in it: {', '.join(out)}." if out else ""
    grades = ", ".join(report.grades) or "none"
    return f"{DISCLAIMER}. Evidence of the prices: {grades}. In it: {included}.{excluded}"


def verdict(comparison: Comparison, lower_bound: bool) -> str:
    """One sentence on spiking network against ANN."""
    ann, ratio = comparison.ann.name, units.significant(comparison.ratio.nominal)
    if comparison.verdict == "less":
        return f"The spiking network needs less energy than its {ann}: {ratio} times as much."
    if comparison.verdict == "more":
        least = "at least " if lower_bound else ""
        return (
            f"The spiking network needs more energy than its {ann}: {least}{ratio} times as much."
        )
    if comparison.verdict == "not comparable":
        return f"No verdict against the {ann}: {comparison.label}."
    why = "the intervals overlap"
    if comparison.ratio.high < 1:
        why = "the spiking network's total is a lower bound"
    return f"Inconclusive against the {ann} (nominal ratio {ratio}): {why}."


def breaking_even(point: BreakEven) -> str:
    """One sentence on the break-even rate and where this run is."""
    now = f"this run: {units.percent(point.rate)}"
    if point.even is None:
        why = "nothing depends on spikes" if not point.slope else "its fixed part alone costs more"
        return f"never, as {why} ({now})"
    per_synapse = units.significant(point.even * point.steps)
    beyond = ", more than a neuron can fire" if point.even > 1 else ""
    return (
        f"at a mean rate of {units.percent(point.even)}{beyond}, that is {per_synapse} spikes per "
        f"synapse and sample ({now})"
    )
