"""Reports in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.energy.report import side_by_side, words
from snnvae.energy.report.side_by_side import Named
from snnvae.energy.report.tables import Table
from snnvae.energy.result import EnergyReport


def summary_text(report: EnergyReport) -> str:
    """One report, energies per sample."""
    whole = report.total.nominal
    spent = [layer for layer in report.layers if layer.total.nominal]
    rows = [_row(layer.name, layer.total, whole) for layer in spent]
    rows.append(_row("total, at least" if report.lower_bound else "total", report.total, whole))
    rows += [_row(ann.name, ann.total, 0.0) for ann in report.ann]
    table = Table("", ("", "energy", "band", "share"), tuple(rows))
    lines = [
        f"{words.DISCLAIMER}: {report.profile.title}, per sample of {report.counts.steps} steps "
        f"(mean of {report.counts.samples})",
        *_aligned(table),
    ]
    if report.main:
        lines.append(words.verdict(report.main, report.lower_bound))
        if report.main.headline:
            lines.append(f"Ratio {_ratio(report.main.ratio)} over the prices.")
            lines.append(f"Break-even: {words.breaking_even(report.main.break_even)}.")
    lines += [text for text in (words.dominating(report), words.spread(report)) if text]
    if report.pace:
        lines.append(words.times(report.pace, cited=False))
    if report.unpriced:
        lines.append("Unpriced: " + ", ".join(u.term for u in report.unpriced))
    return "\n".join(lines) + "\n"


def side_by_side_text(reports: Named) -> str:
    """Several reports."""
    lines = [side_by_side.opening(reports), *side_by_side.notes(reports)]
    for table in side_by_side.tables(reports):
        if table.rows:
            lines += ["", table.caption, *_aligned(table)]
    return "\n".join(lines) + "\n"


def sweep_text(reports: Sequence[EnergyReport], changes: Sequence[float | None]) -> str:
    """A sweep over T."""
    named = side_by_side.by_steps(reports)
    lines = [side_by_side.opening(named), *_aligned(side_by_side.sweep(reports, changes))]
    lines += side_by_side.notes(named)
    return "\n".join(lines) + "\n"


def _ratio(interval: Interval) -> str:
    return f"{units.significant(interval.low)} to {units.significant(interval.high)}"


def _row(name: str, total: Interval, whole: float) -> tuple[str, str, str, str]:
    share = units.percent(total.nominal / whole) if whole else ""
    return name, units.energy(total.nominal), units.band(total), share


def _aligned(table: Table) -> list[str]:
    """Names to the left, numbers to the right; names are flat, whatever a graph calls its nodes."""
    rows = [
        tuple(" ".join(cell.split()) for cell in row)
        for row in (table.columns, *table.rows, *([table.foot] if table.foot else []))
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if n in table.text else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
