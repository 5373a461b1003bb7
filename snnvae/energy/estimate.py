"""estimate: counts of a run × prices of a profile → what each layer and the whole network costs.

    E = Σ over layers and terms of  count(term) · price(term)     per sample, in pJ

A term is priced, contained in another price, excluded on both sides by the profile, or *unpriced*:
then it is listed, and where it is material the total is a lower bound. `measure` counts once;
`price` can then be called with one profile after another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from snnvae.energy.ann.baselines import ann_energies
from snnvae.energy.ann.twin import ann_twin
from snnvae.energy.bill import Bill, Line
from snnvae.energy.compare import Comparison, break_even, compare, mean_rate
from snnvae.energy.confidence import mean_interval
from snnvae.energy.interval import Interval
from snnvae.energy.measure import Measured, measure
from snnvae.energy.notes import beside_exact, notes_of
from snnvae.energy.pace import Pace, static_power
from snnvae.energy.profile import Profile
from snnvae.energy.profile_file import load_profile
from snnvae.energy.result import EnergyReport
from snnvae.energy.sensitivity import swings
from snnvae.energy.terms import EVENT_TERMS, items
from snnvae.energy.unpriced import unpriced_terms
from snnvae.hardware_sim.counts import Counts
from snnvae.hardware_sim.placement_summary import PlacementSummary
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording

NETWORK = "(network)"
"""Where a cost stands that belongs to no layer."""


@dataclass(frozen=True)
class Time:
    """What the user knows of time: seconds per step, static watts, depth of the pipeline."""

    step: Interval | None = None
    static: Interval | None = None
    depth: int = 0


def estimate(
    program: Program,
    recording: Recording | Iterable[Recording],
    profile: Profile,
    *,
    cache_constant: bool = True,
    placement: PlacementSummary | None = None,
    time: Time | None = None,
    progress: Progress | None = None,
) -> EnergyReport:
    """Price a recorded run of `program`, given whole or as blocks of its samples.

    cache_constant, placement: as of `measure`; time: as of `price`. Raises DataError where the
    recording is not of this program.
    """
    measured = measure(
        program, recording, cache_constant=cache_constant, placement=placement, progress=progress
    )
    return price(measured, profile, time=time)


def price(measured: Measured, profile: Profile, *, time: Time | None = None) -> EnergyReport:
    """What a measured run costs by a profile. time: goes before what the profile says of time."""
    time, program, counts = time or Time(), measured.program, measured.counts
    spent = items(counts, profile.counting)
    pace = _pace(profile, time, counts)
    static = _static(profile, time, pace, measured.placement)
    prices = profile.snn(program.precision)
    bill = Bill((*Bill.of(spent, prices).lines, *static))
    reference = _reference(profile)
    twin = ann_twin(program, profile.counting)
    notes, zeros = notes_of(measured, profile), measured.active
    if profile.counting != "exact":
        exact = Bill((*Bill.of(items(counts), prices).lines, *static))
        notes += (beside_exact(bill, exact, twin.macs, ann_twin(program).macs),)
        zeros = None
    if time.static is not None and not static:
        notes += ("The static power that was given is left out, as the profile does.",)
    report = EnergyReport(
        measured=measured,
        profile=profile,
        reference=reference,
        twin=twin,
        bill=bill,
        activity=mean_interval(bill.per_sample(counts.samples)),
        unpriced=unpriced_terms(spent, measured, profile, static_known=bool(static)),
        ann=ann_energies(twin, reference, counts.steps, zeros) if reference else (),
        comparisons=(),
        swings=(),
        pace=pace,
        notes=notes,
    )
    report = replace(report, comparisons=_comparisons(report))
    main = report.headline
    spread = main.activity if main else report.activity
    return replace(report, swings=swings(bill, main.ann.bill if main else None, spread))


def _comparisons(report: EnergyReport) -> tuple[Comparison, ...]:
    """With each ANN of the reference's scope: with memory where it prices memory."""
    if report.reference is None:
        return ()
    memory = any(ann.memory for ann in report.ann)
    fixed, moving = _by_rate(report)
    spiking = [c for c in report.counts.connections if c.drive == "spikes"]
    sop = sum((c.sop for c in spiking), np.zeros(report.counts.samples, np.int64))
    steps = report.counts.steps
    rate = mean_rate(sop, steps * sum(c.priced_synapses for c in spiking))
    return tuple(
        compare(
            report.bill,
            ann,
            profile=report.profile,
            reference=report.reference,
            lower_bound=report.lower_bound,
            break_even=break_even(fixed, moving, ann.bill, rate, steps),
            samples=report.counts.samples,
        )
        for ann in report.ann
        if ann.memory == memory
    )


def _by_rate(report: EnergyReport) -> tuple[Bill, Bill]:
    """The bill in two: what does not depend on spikes, and what is in proportion to them.

    Of the driven updates, what they cost beyond idle ones is: at rate 0 every update is idle.
    """
    # What values drive is driven at every step, whatever the spikes do.
    always = {c.target for c in report.counts.connections if c.drive != "spikes"}
    idle = report.prices.get("update_idle")
    fixed, moving = list[Line](), list[Line]()
    for line in report.bill.lines:
        if line.term in EVENT_TERMS:
            moving.append(line)
        elif line.term == "update_driven" and line.where not in always and idle:
            at_rest = Line(line.where, "update_idle", line.count, idle.of("", 0), idle.label)
            moving += [line, replace(at_rest, count=-line.count)]
            fixed.append(at_rest)
        else:
            fixed.append(line)
    return Bill(tuple(fixed)), Bill(tuple(moving))


def _reference(profile: Profile) -> Profile | None:
    """The profile that prices the ANN: its own prices, or those that it names."""
    if profile.ann("fp32") or profile.ann("int8"):
        return profile
    return load_profile(profile.reference) if profile.reference else None


def _pace(profile: Profile, time: Time, counts: Counts) -> Pace | None:
    if time.step is not None:
        step, source = time.step, "given by the user"
    elif profile.step is not None:
        step, source = profile.step.value, str(profile.step.backing.source)
    else:
        return None
    return Pace(step, source, counts.steps, time.depth, counts.samples)


def _static(
    profile: Profile, time: Time, pace: Pace | None, placement: PlacementSummary | None
) -> tuple[Line, ...]:
    """Static power over the time of a sample, if both are known and the profile counts it."""
    power = time.static
    if power is None and profile.static is not None:
        cores, chips = (placement.cores, placement.chips) if placement else (None, None)
        power = static_power(profile.static, cores, chips)
    if power is None or pace is None or "static" in profile.excluded or profile.scope == "all_in":
        return ()
    energy = pace.static_energy(power)
    return (Line(NETWORK, "static", np.ones(()), energy, "static power and time per step"),)
