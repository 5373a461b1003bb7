"""What a reader must know of a run and of its prices, in sentences."""

from __future__ import annotations

from snnvae.hardware_sim.energy.conventions import COUNTINGS
from snnvae.hardware_sim.energy.measure import Measured
from snnvae.hardware_sim.energy.profile import Profile


def notes_of(measured: Measured, profile: Profile) -> tuple[str, ...]:
    """Of the counts, then of the prices."""
    counts, notes = measured.counts, list[str]()
    for c in counts.connections:
        if c.drive == "cached":
            notes.append(
                f"'{c.name}' is driven by constant analog values: its multiply-accumulates count "
                f"once per sample and its currents are added at every step; recomputed at each of "
                f"the {counts.steps} steps they would be {counts.steps} times as many."
            )
        elif c.drive != "spikes":
            by = "membranes" if c.drive == "membranes" else "analog values"
            notes.append(
                f"'{c.name}' is driven by {by}: its multiply-accumulates count at each of the "
                f"{counts.steps} steps."
            )
    if any(c.delay for c in counts.connections):
        notes.append(
            "Spikes that a delay would carry beyond a sample's last step are not delivered and not "
            "counted."
        )
    if profile.counting != "exact":
        notes.append(
            f"Operations are counted as the profile's authors do, not exactly: "
            f"{COUNTINGS[profile.counting]}. The tables of counts are exact."
        )
    if measured.program.precision == "float" and not profile.prices.get("float"):
        notes.append(
            "The profile has no prices for floating point: the events of this floating-point run "
            "are priced as if they were those of a fixed-point run."
        )
    site = measured.site
    if site is not None:
        notes.append(
            f"Placed on {site.chip}: {site.cores:,} cores, {site.chips:,} "
            f"{'chip' if site.chips == 1 else 'chips'}. {site.hops_unknown}".strip()
        )
    return tuple(notes)
