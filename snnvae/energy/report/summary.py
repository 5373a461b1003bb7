"""Reports in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.energy.report import side_by_side, words
from snnvae.energy.report.side_by_side import Named
from snnvae.energy.result import EnergyReport
from snnvae.plain_text import one_line
from snnvae.table import Table


def summary_text(report: EnergyReport) -> str:
    """One report, energies per sample."""
    whole = report.total.nominal
    spent = [layer for layer in report.layers if layer.total.nominal]
    rows = [_row(layer.name, layer.total, whole) for layer in spent]
    rows.append(_row("total, at least" if report.lower_bound else "total", report.total, whole))
    rows += [_row(ann.name, ann.total, 0.0) for ann in report.ann]
    table = Table(("", "energy", "band", "share"), tuple(rows), text={0})
    title = (
        f"{words.DISCLAIMER}: {report.profile.title}, per sample of {report.counts.steps} steps "
        f"(mean of {report.counts.samples})"
    )
    said = []
    if report.main:
        said.append(words.verdict(report.main, report.lower_bound))
        if report.main.headline:
            said.append(f"Ratio {_ratio(report.main.ratio)} over the prices.")
            said.append(f"Break-even: {words.breaking_even(report.main.break_even)}.")
    said += [text for text in (words.dominating(report), words.spread(report)) if text]
    if report.pace:
        said.append(words.times(report.pace, cited=False))
    if report.unpriced:
        said.append("Unpriced: " + ", ".join(u.term for u in report.unpriced))
    return _lines([title, table, *said])


def side_by_side_text(reports: Named) -> str:
    """Several reports."""
    parts: list[str | Table] = [side_by_side.opening(reports), *side_by_side.notes(reports)]
    for table in side_by_side.tables(reports):
        if table.rows:
            parts += ["", table.caption, table]
    return _lines(parts)


def sweep_text(reports: Sequence[EnergyReport], changes: Sequence[float | None]) -> str:
    """A sweep over T."""
    named = side_by_side.by_steps(reports)
    table = side_by_side.sweep(reports, changes)
    return _lines([side_by_side.opening(named), table, *side_by_side.notes(named)])


def _lines(parts: Sequence[str | Table]) -> str:
    shown = (one_line(p) if isinstance(p, str) else p.as_text(ruled=False) for p in parts)
    return "\n".join(shown) + "\n"


def _ratio(interval: Interval) -> str:
    return f"{units.significant(interval.low)} to {units.significant(interval.high)}"


def _row(name: str, total: Interval, whole: float) -> tuple[str, str, str, str]:
    share = units.percent(total.nominal / whole) if whole else ""
    return name, units.energy(total.nominal), units.band(total), share
