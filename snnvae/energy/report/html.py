"""Reports as self-contained pages: tables and inline SVG, light or dark, ready for print.

Everything that comes from a graph, a file name or a profile is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from snnvae.energy import units
from snnvae.energy.report import side_by_side, words
from snnvae.energy.report.provenance import provenance
from snnvae.energy.report.sections import sections
from snnvae.energy.report.side_by_side import Named
from snnvae.energy.result import EnergyReport
from snnvae.html_page import render
from snnvae.table import Table


def to_html(report: EnergyReport, title: str = "Spiking network") -> str:
    """One report as a page, self-contained, with plots; `title` names the network.

    MissingError without the extra `report`.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> report = sv.price(program, sv.run(program, sv.make_stimulus(program)))
    >>> sv.to_html(report, "digits").lower().startswith("<!doctype html>")
    True
    """
    from snnvae.energy.report import plots

    drawn = {
        "totals": plots.totals([("Spiking network", report)]),
        "rate": plots.rate(report),
        "tornado": plots.tornado(report),
        "layers": plots.layers(report),
        "firing": plots.firing(report),
    }
    return _render(
        "report.html.j2",
        title=title,
        report=report,
        sections=sections(report),
        plots=drawn,
        opening=words.opening(report),
        provenance=provenance(report),
    )


def side_by_side_html(reports: Named, title: str) -> str:
    """Several runs, or one run by several profiles, on one page."""
    from snnvae.energy.report import plots

    about = "Energy per sample of each run, and of the ANN twins of the first"
    return _several(reports, title, plots.totals(reports), about, side_by_side.tables(reports))


def sweep_html(reports: Sequence[EnergyReport], changes: Sequence[float | None], title: str) -> str:
    """Runs of one network that differ in T; changes: of the outputs, see `side_by_side.sweep`."""
    from snnvae.energy.report import plots

    named = side_by_side.by_steps(reports)
    about = "Energy per sample of the spiking network and of its ANN twins against T"
    shown = [side_by_side.sweep(reports, changes), *side_by_side.tables(named)]
    return _several(named, title, plots.steps(reports), about, shown)


def _several(reports: Named, title: str, plot: str, about: str, tables: Sequence[Table]) -> str:
    return _render(
        "several.html.j2",
        title=title,
        opening=side_by_side.opening(reports),
        plot=plot,
        about=about,
        tables=tables,
        notes=side_by_side.notes(reports),
        provenances=[(name, provenance(report)) for name, report in reports],
    )


def _render(template: str, **values: Any) -> str:
    filters: dict[str, Callable[..., str]] = {
        "energy": units.energy, "band": units.band, "percent": units.percent,
        "significant": units.significant, "integer": units.integer,
    }  # fmt: skip
    return render("snnvae.energy.report", template, filters, words=words, **values)
