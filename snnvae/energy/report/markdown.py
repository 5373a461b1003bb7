"""Reports as Markdown: the same sentences and tables as the page, without its plots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from snnvae.energy.report import side_by_side, words
from snnvae.energy.report.provenance import provenance
from snnvae.energy.report.sections import sections
from snnvae.energy.report.side_by_side import Named
from snnvae.energy.report.tables import Table
from snnvae.energy.result import EnergyReport


def to_markdown(report: EnergyReport, title: str = "Spiking network") -> str:
    """One report."""
    said = [words.verdict(report.main, report.lower_bound)] if report.main else []
    said += [words.lower_bound(report), words.dominating(report), words.spread(report)]
    said += [words.times(report.pace)] if report.pace else []
    parts = [_text(words.opening(report)), f"# {_text(title)}", _text(words.subject(report))]
    parts += [_text(sentence) for sentence in said if sentence]
    for section in sections(report):
        parts.append(f"## {section.title}")
        parts += _tables(section.tables)
        parts += [_text(sentence) for sentence in section.says]
    parts.append("## Where it comes from")
    parts += [_sources(report)]
    return "\n\n".join(parts) + "\n"


def side_by_side_markdown(reports: Named, title: str) -> str:
    """Several runs, or one run by several profiles."""
    return _several(reports, title, side_by_side.tables(reports))


def sweep_markdown(
    reports: Sequence[EnergyReport], changes: Sequence[float | None], title: str
) -> str:
    """Runs of one network that differ in T."""
    named = side_by_side.by_steps(reports)
    shown = [side_by_side.sweep(reports, changes), *side_by_side.tables(named)]
    return _several(named, title, shown)


def _several(reports: Named, title: str, shown: Iterable[Table]) -> str:
    parts = [_text(side_by_side.opening(reports)), f"# {_text(title)}"]
    parts += [_text(note) for note in side_by_side.notes(reports)]
    parts += _tables(shown)
    parts.append("## Where it comes from")
    parts += [f"**{_text(name)}**\n\n{_sources(report)}" for name, report in reports]
    return "\n\n".join(parts) + "\n"


def _sources(report: EnergyReport) -> str:
    found = provenance(report).items()
    return "\n".join(f"- {_text(key)}: {_text(value)}" for key, value in found)


def _tables(shown: Iterable[Table]) -> list[str]:
    return [
        part
        for table in shown
        if table.rows
        for part in (_text(table.caption) + ":", _table(table))
    ]


def _table(table: Table) -> str:
    lines = ["--:" if n not in table.text else ":--" for n in range(len(table.columns))]
    rows = [table.columns, lines, *table.rows, *([table.foot] if table.foot else [])]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows)


def _cell(cell: str) -> str:
    return cell if set(cell) <= {"-", ":"} else _text(cell)


def _text(text: str) -> str:
    """A text that Markdown shows as it is: names of nodes and profiles are data."""
    flat = " ".join(text.split())
    for mark in "\\`*_[]<>|#&~$":
        flat = flat.replace(mark, "\\" + mark)
    # At the start of a line these would begin a list.
    return re.sub(r"^(\d*)([-+.)])(?=[\s-]|$)", r"\1\\\2", flat)
