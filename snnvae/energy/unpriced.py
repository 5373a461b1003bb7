"""What occurs and has no price: listed, with the reason, and whether it matters."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.energy.measure import Measured
from snnvae.energy.profile import Profile
from snnvae.energy.result import Unpriced
from snnvae.energy.terms import ROUTED, SAMPLER_TERM, SNN_TERMS, UNCOUNTED, Item

MATERIAL_SHARE = 0.01
"""An unpriced term is material from this share of all priced occurrences on, or if uncountable."""


def unpriced_terms(
    spent: Sequence[Item], measured: Measured, profile: Profile, *, static_known: bool
) -> tuple[Unpriced, ...]:
    """Terms that occur (or cannot be counted) and have no price, nor are covered or excluded."""
    precision = measured.program.precision
    prices = profile.snn(precision)
    known = profile.covered(precision) | set(profile.excluded)
    mean = dict.fromkeys(SNN_TERMS, 0.0)
    for item in spent:
        mean[item.term] += float(item.n.mean())
    priced = sum(mean[term] for term in prices)
    counted = {item.term for item in spent} | ({"static"} if static_known else set())
    found = []
    for term in SNN_TERMS:
        if term in known or (term == "static" and static_known):
            continue
        if term in counted or term not in UNCOUNTED:
            if term in prices or not mean[term]:
                continue
            reason, number = (
                profile.unpriced.get(term, "the profile has no price for it"),
                mean[term],
            )
            share: float = mean[term]
        else:
            reason, number = _uncounted(term, measured, profile), None
            share = mean["spike"] if term in ROUTED else priced
        material = share > MATERIAL_SHARE * priced or not priced
        found.append(Unpriced(term, reason, number, material))
    if measured.host:
        work = measured.host
        reason = (
            f"{work} of the {work.kind} sampler, done on the host, whose energy is not known; "
            "left out of the ANN too, so that it makes no lower bound"
        )
        found.append(Unpriced(SAMPLER_TERM, reason, float(work.operations), material=False))
    return tuple(found)


def _uncounted(term: str, measured: Measured, profile: Profile) -> str:
    """Why a term could not be counted."""
    if term == "static":
        return profile.unpriced.get(term, "needs a time per step and a static power")
    if measured.placement is not None and measured.placement.hops_unknown:
        return measured.placement.hops_unknown
    return "depends on where neurons lie on a chip; name one"
