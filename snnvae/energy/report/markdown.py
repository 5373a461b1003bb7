"""Reports as Markdown: the same sentences and tables as the page, without its plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from snnvae.energy.report import side_by_side, words
from snnvae.energy.report.provenance import provenance
from snnvae.energy.report.sections import sections
from snnvae.energy.report.side_by_side import Named
from snnvae.energy.result import EnergyReport
from snnvae.plain_text import markdown_text
from snnvae.table import Table

RULES = (" :-- ", " --: ")
"""Below a table's header, for text and for numbers."""


def to_markdown(report: EnergyReport, title: str = "Spiking network") -> str:
    """One report."""
    said = [words.verdict(report.main, report.lower_bound)] if report.main else []
    said += [words.lower_bound(report), words.dominating(report), words.spread(report)]
    said += [words.times(report.pace)] if report.pace else []
    parts = [
        markdown_text(words.opening(report)),
        f"# {markdown_text(title)}",
        markdown_text(words.subject(report)),
    ]
    parts += [markdown_text(sentence) for sentence in said if sentence]
    for section in sections(report):
        parts.append(f"## {section.title}")
        parts += _tables(section.tables)
        parts += [markdown_text(sentence) for sentence in section.says]
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
    parts = [markdown_text(side_by_side.opening(reports)), f"# {markdown_text(title)}"]
    parts += [markdown_text(note) for note in side_by_side.notes(reports)]
    parts += _tables(shown)
    parts.append("## Where it comes from")
    parts += [f"**{markdown_text(name)}**\n\n{_sources(report)}" for name, report in reports]
    return "\n\n".join(parts) + "\n"


def _sources(report: EnergyReport) -> str:
    found = provenance(report).items()
    return "\n".join(f"- {markdown_text(key)}: {markdown_text(value)}" for key, value in found)


def _tables(shown: Iterable[Table]) -> list[str]:
    return [
        part
        for table in shown
        if table.rows
        for part in (markdown_text(table.caption) + ":", table.as_markdown(RULES))
    ]
