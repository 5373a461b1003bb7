"""Tables of the answers: beside the ANN, beside what others found, what moves it."""

from __future__ import annotations

from snnvae.energy import units
from snnvae.energy.compare import KNOWN_BREAK_EVENS
from snnvae.energy.report import words
from snnvae.energy.result import EnergyReport
from snnvae.table import Table


def comparisons(report: EnergyReport) -> Table:
    """The spiking network and every ANN."""
    least = ", at least" if report.lower_bound else ""
    own = ("Spiking network" + least, units.energy(report.total.nominal), units.band(report.total))
    rows = [(*own, "", "", "")]
    compared = {c.ann.name: c for c in report.comparisons}
    for ann in report.ann:
        cells = (ann.name, units.energy(ann.total.nominal), units.band(ann.total))
        c = compared.get(ann.name)
        if c is None:
            rows.append((*cells, "other scope", "", ""))
            continue
        rows.append(
            (
                *cells,
                units.with_band(c.ratio),
                words.VERDICTS[c.verdict],
                words.breaking_even(c.break_even),
            )
        )
    prices = f"; prices: {report.reference.title}" if report.reference else ""
    return Table(
        ("network", "energy", "low to high", "spiking / ANN", "spiking network", "break-even"),
        tuple(rows),
        text={0, 4, 5},
        caption=(
            "The ANN has the same topology, runs once, exact at the borders, with BatchNorm folded"
            + prices
        ),
    )


def meeting(report: EnergyReport) -> Table:
    """The line of the spiking network, and where it meets each ANN."""
    point = report.comparisons[0].break_even
    rows = [
        (
            "this run",
            units.energy(report.total.nominal),
            units.percent(point.rate),
            "",
            units.significant(point.per_synapse),
        ),
        ("no spikes", units.energy(point.fixed.nominal), units.percent(0.0), "", "0"),
    ]
    for c in report.comparisons:
        even, band, per_synapse = c.break_even.even, "", ""
        if even is not None:
            low, high = (words.rate(x) for x in (even.low, even.high))
            band = low if low == high else f"{low} to {high}"
            per_synapse = units.significant(even.nominal * point.steps)
        cells = (units.energy(c.ann.total.nominal), words.even_rate(c.break_even))
        rows.append((f"break-even: {c.ann.name}", *cells, band, per_synapse))
    return Table(
        ("point", "energy", "mean rate", "low to high (prices)", "spikes per synapse"),
        tuple(rows),
        text={0},
        caption=(
            "The spiking network at this run's rate and at none, and where it costs what each "
            "ANN does"
        ),
    )


def thresholds(report: EnergyReport) -> Table:
    """Published break-even points, beside this run."""
    point = report.comparisons[0].break_even
    now = f"{units.significant(point.per_synapse)} spikes per synapse and sample"
    rows = [("this run", f"{now}, mean rate {units.percent(point.rate)}, T = {point.steps}")]
    rows += [(source, value) for value, source in KNOWN_BREAK_EVENS]
    return Table(
        ("source", "break-even"),
        tuple(rows),
        text={0, 1},
        caption=(
            "Spikes per synapse and inference below which others found a spiking network cheaper"
        ),
    )


def swings(report: EnergyReport) -> Table:
    """What moves the answer."""
    what = "ratio of spiking network to ANN" if report.headline else "energy per sample"
    write = units.significant if report.headline else units.energy
    rows = tuple(
        (s.unknown, write(s.answer.low), write(s.answer.nominal), write(s.answer.high))
        for s in report.swings
    )
    return Table(
        ("unknown", "at its low end", "nominal", "at its high end"),
        rows,
        text={0},
        caption=(
            f"The {what} where one unknown goes from its low to its high end, the others nominal"
        ),
    )
