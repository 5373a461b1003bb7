"""What a report says in sentences, the same in every form of it."""

from __future__ import annotations

from snnvae.energy import units
from snnvae.energy.compare import BreakEven, Comparison
from snnvae.energy.confidence import LEVEL
from snnvae.energy.interval import Interval
from snnvae.energy.pace import Pace
from snnvae.energy.result import EnergyReport
from snnvae.energy.terms import GROUPS

DISCLAIMER = "Estimate, not a measurement"
VERDICTS = {
    "less": "needs less",
    "more": "needs more",
    "inconclusive": "inconclusive",
    "not comparable": "no verdict",
}
"""Of the spiking network, in a table."""


def opening(report: EnergyReport) -> str:
    """The first line: what this is, how good the prices are, what is in and what is out."""
    included = ", ".join(report.terms) or "nothing"
    out = [*report.profile.excluded, *(u.term for u in report.unpriced)]
    excluded = f" Not in it: {', '.join(out)}." if out else ""
    evidence = ", ".join(report.evidence) or "none"
    scope = " all-in," if report.profile.scope == "all_in" else ""
    return f"{DISCLAIMER}. Evidence of the prices:{scope} {evidence}. In it: {included}.{excluded}"


def subject(report: EnergyReport) -> str:
    """What was priced, by which profile."""
    profile, counts = report.profile, report.counts
    samples = f"{counts.samples:,} sample" + ("" if counts.samples == 1 else "s")
    return (
        f"{profile.title} ({profile.process}): {profile.summary}. "
        f"Per sample of {counts.steps} steps, mean of {samples}, {report.precision} arithmetic."
    )


def verdict(comparison: Comparison, lower_bound: bool) -> str:
    """One sentence on spiking network against ANN."""
    ann, ratio = comparison.ann.name, comparison.ratio
    times = units.significant(ratio.nominal)
    if comparison.verdict == "less":
        return f"The spiking network needs less energy than its {ann}: {times} times as much."
    if comparison.verdict == "more":
        least = "at least " if lower_bound else ""
        return (
            f"The spiking network needs more energy than its {ann}: {least}{times} times as much."
        )
    if comparison.verdict == "not comparable":
        return f"No verdict against the {ann}: {comparison.label}."
    why = "the prices allow either"
    if ratio.high < 1:
        why = "the spiking network's total is a lower bound"
    return f"Inconclusive against the {ann} (nominal ratio {times}): {why}."


def lower_bound(report: EnergyReport) -> str:
    """Why the total is a lower bound; empty where it is none."""
    if not report.lower_bound:
        return ""
    missing = [u.term for u in report.unpriced if u.material]
    if missing:
        why = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in it"
    else:
        why = "a price is published as a minimum"
    return f"The spiking network's figure is a lower bound: {why}."


def dominating(report: EnergyReport) -> str:
    """Where most of the energy goes: the largest group of terms and the largest layer."""
    total = report.total.nominal
    if not total:
        return "Nothing in this run has a price above zero."
    group, most = max(report.groups.items(), key=lambda item: item[1].nominal)
    layer = max(report.layers, key=lambda layer: layer.total.nominal)
    of_layer = max(GROUPS, key=lambda name: report.group(layer, name))
    return (
        f"{_share(most.nominal / total)} goes into {group}; the largest layer is '{layer.name}' "
        f"with {_share(layer.total.nominal / total)}, most of it {of_layer}."
    )


def spread(report: EnergyReport) -> str:
    """How far these samples can be trusted; empty for a single one."""
    if report.activity is None:
        return ""
    text = (
        f"Activity: at nominal prices the mean over the samples is "
        f"{units.energy(report.activity.nominal)}, {100 * LEVEL:g} % confidence interval "
        f"{_around(report.activity)}"
    )
    if report.headline and report.headline.activity:
        text += f"; of the ratio {_around(report.headline.activity)}"
    return text + "."


def _around(interval: Interval) -> str:
    """An interval relative to its middle: "−0.3 % to +0.4 %"."""
    if interval.low == interval.high:
        return "of no width, as the samples do not differ"
    ends = (interval.low / interval.nominal - 1, interval.high / interval.nominal - 1)
    return " to ".join(f"{100 * end:+.2g} %".replace("-", "−") for end in ends)


def even_rate(point: BreakEven) -> str:
    """The break-even rate, or "never"."""
    return "never" if point.even is None else rate(point.even.nominal)


def rate(share: float) -> str:
    """A rate; infinite where prices may be such that no rate is too high."""
    return units.percent(share) if share < float("inf") else "any"


def breaking_even(point: BreakEven) -> str:
    """One sentence on the break-even rate and where this run is."""
    now = f"this run: {units.percent(point.rate)}"
    if point.even is None:
        nothing = not point.slope.nominal
        why = (
            "nothing depends on spikes"
            if nothing
            else "its fixed part alone costs more at nominal prices"
        )
        return f"never, as {why} ({now})"
    per_synapse = units.significant(point.even.nominal * point.steps)
    beyond = ", more than a neuron can fire" if point.even.nominal > 1 else ""
    return (
        f"at a mean rate of {units.percent(point.even.nominal)}{beyond}, that is {per_synapse} "
        f"spikes per synapse and sample ({now})"
    )


def times(pace: Pace, *, cited: bool = True) -> str:
    """Latency and throughput, and what they rest on."""
    depth = f" + {pace.depth} of pipeline" if pace.depth else ""
    source = f": {pace.source}" if cited else ""
    return (
        f"Latency {latency(pace)}, {pace.steps} steps{depth}; streamed {throughput(pace)} samples "
        f"per second. Time per step {_seconds(pace.step)}{source}."
    )


def latency(pace: Pace) -> str:
    """From a sample's first step to its result."""
    return _seconds(pace.latency)


def throughput(pace: Pace) -> str:
    """Samples per second, one right after another."""
    return units.with_band(pace.throughput)


def _seconds(interval: Interval) -> str:
    low, high = units.seconds(interval.low), units.seconds(interval.high)
    return low if low == high else f"{units.seconds(interval.nominal)} ({low} to {high})"


def _share(part: float) -> str:
    return f"{100 * part:.0f} %"
