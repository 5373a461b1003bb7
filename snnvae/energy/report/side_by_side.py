"""Several reports in columns: two runs, one run by several profiles, or a sweep over T."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from snnvae.energy import units
from snnvae.energy.interval import quotient
from snnvae.energy.report import words
from snnvae.energy.result import EnergyReport
from snnvae.energy.terms import GROUPS
from snnvae.table import Table

Named = Sequence[tuple[str, EnergyReport]]
"""Reports, each by the name of its run."""
Cell = Callable[[EnergyReport], str]


def by_steps(reports: Sequence[EnergyReport]) -> Named:
    """The reports of a sweep, named by their T."""
    return [(f"T = {report.counts.steps}", report) for report in reports]


def opening(reports: Named) -> str:
    """The first line."""
    names = dict.fromkeys(report.profile.title for _, report in reports)
    return f"{words.DISCLAIMER}. Prices: {'; '.join(names)}"


def tables(reports: Named) -> list[Table]:
    """What a reader compares, most important first."""
    return [_summary(reports), _pairs(reports), _anns(reports), _groups(reports), _layers(reports)]


def notes(reports: Named) -> list[str]:
    """Why totals may not be compared, where they may not."""
    found = []
    if len({report.profile.digest() for _, report in reports}) > 1:
        found.append("The runs are priced by different profiles: compare their scopes first.")
    if len({report.counts.steps for _, report in reports}) > 1:
        found.append("The runs differ in steps per sample, so a sample is not the same work.")
    for name, report in reports:
        if text := words.lower_bound(report):
            found.append(f"{name}: {text}")
    return found


def sweep(reports: Sequence[EnergyReport], changes: Sequence[float | None]) -> Table:
    """One row for each T.

    changes: mean squared difference of the outputs from those of the largest T, None where there
    are no outputs to compare.
    """
    rows = []
    for report, change in zip(reports, changes, strict=True):
        main = report.main
        rows.append(
            (
                str(report.counts.steps),
                units.energy(report.total.nominal),
                units.band(report.total),
                _sop(report),
                units.percent(main.break_even.rate) if main else "",
                units.with_band(main.ratio) if main else "",
                words.VERDICTS[main.verdict] if main else "",
                "" if change is None else f"{change:.4g}",
            )
        )
    nearest = reports[0].main.ann.name if reports[0].main else "ANN"
    return Table(
        ("T", "energy", "low to high", "SOP", "mean rate", f"spiking / {nearest}", "verdict",
         "change of outputs"),
        tuple(rows),
        text={0, 6},
        caption=(
            "Energy per sample for each number of steps; the outputs' change is their mean "
            "squared difference from those of the most steps"
        ),
    )  # fmt: skip


def _summary(reports: Named) -> Table:
    rows: list[tuple[str, Cell]] = [
        ("profile", lambda r: r.profile.name),
        ("arithmetic", lambda r: r.precision),
        ("backend", lambda r: str(r.info.get("backend", ""))),
        ("samples × steps", lambda r: f"{r.counts.samples} × {r.counts.steps}"),
        ("energy per sample", lambda r: units.energy(r.total.nominal)),
        ("low to high (prices)", lambda r: units.band(r.total)),
        ("95 % interval (samples)", _activity),
        ("lower bound", lambda r: "yes" if r.lower_bound else "no"),
        ("ANN", lambda r: r.main.ann.name if r.main else ""),
        ("energy of the ANN", lambda r: units.energy(r.main.ann.total.nominal) if r.main else ""),
        ("spiking / ANN", lambda r: units.with_band(r.main.ratio) if r.main else ""),
        ("spiking network", lambda r: words.VERDICTS[r.main.verdict] if r.main else ""),
        ("mean rate", lambda r: units.percent(r.main.break_even.rate) if r.main else ""),
        ("break-even rate", lambda r: words.even_rate(r.main.break_even) if r.main else ""),
        ("spikes", lambda r: units.integer(sum(x.spikes.mean() for x in r.counts.layers))),
        ("synaptic operations", _sop),
        ("neuron updates", _updates),
        ("latency", lambda r: words.latency(r.pace) if r.pace else ""),
        ("samples per second", lambda r: words.throughput(r.pace) if r.pace else ""),
    ]
    return _columns("Per sample", reports, rows)


def _anns(reports: Named) -> Table:
    names = dict.fromkeys(ann.name for _, report in reports for ann in report.ann)
    return _columns(
        "Energy per sample of the ANN twins, nominal",
        reports,
        [(name, _of_ann(name)) for name in names],
    )


def _groups(reports: Named) -> Table:
    groups = dict.fromkeys(group for _, report in reports for group in report.groups)
    return _columns(
        "Energy per sample by kind, nominal",
        reports,
        [(group, _of_group(group)) for group in groups],
    )


def _layers(reports: Named) -> Table:
    names = dict.fromkeys(x.name for _, report in reports for x in report.layers if x.terms)
    return _columns(
        "Energy per sample by layer, nominal",
        reports,
        [(name, _of_layer(name)) for name in names],
    )


def _pairs(reports: Named) -> Table:
    """Each run over each other; of one profile, its unknowns move both at once."""
    rows = []
    for (a, first), (b, second) in combinations(reports, 2):
        if first.total.nominal and second.total.nominal:
            found = quotient(second.bill.labels, first.bill.labels)
            ends = (found.nominal, found.low, found.high)
            rows.append((f"{b} / {a}", *map(units.significant, ends)))
    return Table(
        ("ratio", "nominal", "low", "high"),
        tuple(rows),
        text={0},
        caption="Ratios of energies per sample; what both prices depend on moves together",
    )


def _columns(caption: str, reports: Named, rows: Sequence[tuple[str, Cell]]) -> Table:
    cells = [(name, *(cell(report) for _, report in reports)) for name, cell in rows]
    return Table(
        ("", *(name for name, _ in reports)),
        tuple(row for row in cells if any(row[1:])),
        text={0},
        caption=caption,
    )


def _of_group(group: str) -> Cell:
    """Energy of a group of terms, or why there is none: never 0 for what is not priced apart."""

    def cell(report: EnergyReport) -> str:
        if group in report.groups:
            return units.energy(report.groups[group].nominal)
        terms, profile = set(GROUPS[group]), report.profile
        if terms & profile.covered(report.precision):
            return "in another price"
        if terms & {u.term for u in report.unpriced}:
            return "unpriced"
        return "left out" if terms & set(profile.excluded) else "0"

    return cell


def _of_ann(name: str) -> Cell:
    def cell(report: EnergyReport) -> str:
        found = next((ann for ann in report.ann if ann.name == name), None)
        return units.energy(found.total.nominal) if found else ""

    return cell


def _of_layer(name: str) -> Cell:
    def cell(report: EnergyReport) -> str:
        found = next((layer for layer in report.layers if layer.name == name), None)
        return units.energy(found.total.nominal) if found and found.terms else ""

    return cell


def _activity(report: EnergyReport) -> str:
    return units.band(report.activity) if report.activity else ""


def _sop(report: EnergyReport) -> str:
    return units.integer(sum(float(c.sop.mean()) for c in report.counts.connections))


def _updates(report: EnergyReport) -> str:
    return units.integer(sum(float((x.driven + x.idle).mean()) for x in report.counts.layers))
