"""estimate: counts of a run × prices of a profile → what each layer and the whole network costs.

    E = Σ over layers and terms of  count(term) · price(term)     per sample, in pJ

A term is priced, contained in another price, excluded on both sides by the profile, or *unpriced*:
then it is listed, and where it is material the total is a lower bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from snnvae.hardware_sim.counts import Counts, count
from snnvae.hardware_sim.energy.ann import ann_twin
from snnvae.hardware_sim.energy.compare import (
    Comparison,
    ann_energies,
    break_even,
    compare,
    like_for_like,
)
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import Price, Profile
from snnvae.hardware_sim.energy.profile_file import load_profile
from snnvae.hardware_sim.energy.result import EnergyReport, LayerEnergy, Unpriced
from snnvae.hardware_sim.energy.sampler import SamplerWork, sampler_work
from snnvae.hardware_sim.energy.terms import (
    EVENT_TERMS,
    SAMPLER_TERM,
    SNN_TERMS,
    UNCOUNTED,
    Quantities,
    quantities,
)
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording

MATERIAL_SHARE = 0.01
"""An unpriced term is material from this share of all priced occurrences on, or if uncountable."""
CONFIDENCE = 0.95


def estimate(
    program: Program,
    recording: Recording,
    profile: Profile,
    *,
    hops: float | None = None,
    cache_constant: bool = True,
    progress: Progress | None = None,
) -> EnergyReport:
    """Price a recorded run of `program`.

    hops: mean number of tiles a spike crosses (placement decides; unknown by default).
    cache_constant: as in `count`. Raises DataError where the recording is not of this program.
    """
    counts = count(program, recording, cache_constant=cache_constant, progress=progress)
    spent = quantities(counts, hops)
    prices = profile.snn(program.precision)
    layers = tuple(LayerEnergy(name, _energies(spent[name], prices)) for name in spent)
    unpriced = _unpriced(spent, profile, program.precision, sampler_work(program, counts.steps))
    reference = _reference(profile)
    twin = ann_twin(program)
    ann = ann_energies(twin, reference) if reference else ()
    report = EnergyReport(
        program=program.digest(),
        profile=profile,
        reference=reference,
        precision=program.precision,
        counts=counts,
        twin=twin,
        layers=layers,
        activity=_activity(spent, prices, counts.samples),
        unpriced=unpriced,
        ann=ann,
        comparisons=(),
        notes=_notes(program, counts, profile),
        info=dict(recording.info),
    )
    return replace(report, comparisons=_comparisons(report))


def _comparisons(report: EnergyReport) -> tuple[Comparison, ...]:
    """With each ANN of the reference's scope."""
    if report.reference is None:
        return ()
    total, events, rate = report.total, _on_events(report), _rate(report.counts)
    steps = report.counts.steps
    return tuple(
        compare(
            total,
            ann,
            profile=report.profile,
            reference=report.reference,
            lower_bound=report.lower_bound,
            break_even=break_even(total.nominal, events, ann.total.nominal, rate, steps),
        )
        for ann in like_for_like(report.ann)
    )


def _reference(profile: Profile) -> Profile | None:
    """The profile that prices the ANN: its own prices, or those that it names."""
    if profile.ann("fp32") or profile.ann("int8"):
        return profile
    return load_profile(profile.reference) if profile.reference else None


def _energies(spent: Quantities, prices: Mapping[str, Price]) -> dict[str, Interval]:
    """Mean energy per sample of each priced term."""
    return {t: prices[t].energy * float(n.mean()) for t, n in spent.items() if t in prices}


def _activity(
    spent: Mapping[str, Quantities], prices: Mapping[str, Price], samples: int
) -> Interval | None:
    """Mean over the samples of the nominal total, with its confidence interval (Student's t)."""
    if samples < 2:
        return None
    total = np.zeros(samples)
    for terms in spent.values():
        for term, n in terms.items():
            if term in prices:
                total += prices[term].energy.nominal * n
    mean, error = float(total.mean()), float(total.std(ddof=1)) / samples**0.5
    half = float(stdtrit(samples - 1, (1 + CONFIDENCE) / 2)) * error
    return Interval(mean - half, mean, mean + half)


def _unpriced(
    spent: Mapping[str, Quantities],
    profile: Profile,
    precision: Precision,
    sampler: SamplerWork | None,
) -> tuple[Unpriced, ...]:
    """Terms that occur (or cannot be counted) and have no price, nor are covered or excluded."""
    prices = profile.snn(precision)
    known = profile.covered(precision) | set(profile.excluded)
    mean = {t: sum(float(s[t].mean()) for s in spent.values() if t in s) for t in SNN_TERMS}
    priced = sum(mean[t] for t in prices)
    found = []
    for term in SNN_TERMS:
        counted = term not in UNCOUNTED or any(term in terms for terms in spent.values())
        if term in known or (counted and (term in prices or not mean[term])):
            continue
        if term == "hop":
            reason, share = "the number of hops depends on placement; give it", mean["spike"]
        else:
            reason = profile.unpriced.get(term, "the profile has no price for it")
            share = mean[term] if counted else priced
        material = share > MATERIAL_SHARE * priced or not priced
        found.append(Unpriced(term, reason, mean[term] if counted else None, material))
    if sampler:
        done = sampler.operations
        reason = (
            f"{sampler} of the {sampler.kind} sampler, done on the host, whose energy is not known;"
            " left out of the ANN too"
        )
        material = done > MATERIAL_SHARE * priced or not priced
        found.append(Unpriced(SAMPLER_TERM, reason, float(done), material))
    return tuple(found)


def _on_events(report: EnergyReport) -> float:
    """The part of the nominal total that is in proportion to spikes, in pJ.

    Of the driven updates it is what they cost beyond idle ones: at rate 0 every update is idle.
    """
    terms, prices = report.terms, report.prices
    energy = sum(e.nominal for term, e in terms.items() if term in EVENT_TERMS)
    if "update_driven" in prices and "update_idle" in prices:
        drivers = {c.target for c in report.counts.connections if c.drive == "spikes"}
        driven = sum(
            float(layer.driven.mean()) for layer in report.counts.layers if layer.name in drivers
        )
        more = prices["update_driven"].energy.nominal - prices["update_idle"].energy.nominal
        energy += driven * more
    return energy


def _rate(counts: Counts) -> float:
    """Mean spikes per source and step, weighted by fan-out: operations done of all possible."""
    spiking = [c for c in counts.connections if c.drive == "spikes"]
    possible = counts.samples * counts.steps * sum(c.priced_synapses for c in spiking)
    return sum(int(c.sop.sum()) for c in spiking) / possible if possible else 0.0


def _notes(program: Program, counts: Counts, profile: Profile) -> tuple[str, ...]:
    """What a reader must know of this run."""
    notes = []
    for c in counts.connections:
        if c.drive != "spikes":
            how = "once per sample, its currents added at every step"
            how = how if c.drive == "cached" else f"at each of the {counts.steps} steps"
            by = "membranes" if c.drive == "membranes" else "analog values"
            notes.append(f"'{c.name}' is driven by {by}: its multiply-accumulates count {how}.")
    if program.precision == "float" and not profile.prices.get("float"):
        notes.append(
            "The profile has no prices for floating point: the events of this floating-point run "
            "are priced as if they were those of a fixed-point run."
        )
    if any(c.delay for c in counts.connections):
        notes.append(
            "Spikes that a delay would carry beyond a sample's last step are not delivered and not "
            "counted."
        )
    return tuple(notes)
