"""What a reader must know of a run and of its prices, in sentences."""

from __future__ import annotations

from snnvae.energy import units
from snnvae.energy.bill import Bill
from snnvae.energy.conventions import COUNTINGS
from snnvae.energy.measure import Measured
from snnvae.energy.profile import Profile
from snnvae.hardware_sim.placement_summary import PlacementSummary


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
    if measured.placement is not None:
        notes += _placed(measured.placement)
    return tuple(notes)


def beside_exact(theirs: Bill, exact: Bill, their_macs: int, exact_macs: int) -> str:
    """What a convention's way of counting makes of a run, beside the exact counts."""
    return (
        f"Counted exactly, the same prices give {units.energy(exact.total.nominal)} for the "
        f"spiking network instead of {units.energy(theirs.total.nominal)}, and the ANN has "
        f"{exact_macs:,} multiply-accumulates instead of {their_macs:,}."
    )


def _placed(placement: PlacementSummary) -> list[str]:
    notes = [
        f"Placed on {placement.chip}: {_number(placement.cores, 'core')}, "
        f"{_number(placement.chips, 'chip')}."
    ]
    if placement.broken:
        notes.append(
            f"The network breaks {_number(placement.broken, 'rule')} of {placement.chip}, so it "
            "would not run there as it is: see snnvae inspect."
        )
    if placement.hops_unknown:
        notes.append(placement.hops_unknown[0].upper() + placement.hops_unknown[1:] + ".")
    else:
        notes.append("Hops of the host's spikes are not counted: where they enter is not known.")
    return notes


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")
