"""An EnergyReport as a page, as data and as a few lines for the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from snnvae import __version__
from snnvae.hardware_sim.energy import units, words
from snnvae.hardware_sim.energy.compare import KNOWN_BREAK_EVENS
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.result import EnergyReport
from snnvae.hardware_sim.energy.terms import ANN_TERMS, HOST_TERMS, SNN_TERMS

SCHEMA = "snnvae-energy"
SCHEMA_VERSION = 1


def to_html(report: EnergyReport, title: str = "Spiking network") -> str:
    """One self-contained page: tables and inline SVG, light or dark as the reader's system is.

    `title` names the network. Everything that comes from a graph or a profile is escaped.
    """
    import jinja2

    from snnvae.hardware_sim.energy import plots

    source = files("snnvae.hardware_sim.energy") / "templates" / "report.html.j2"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        energy=units.energy,
        band=units.band,
        integer=units.integer,
        percent=units.percent,
        significant=units.significant,
    )
    return environment.from_string(source.read_text("utf8")).render(
        title=title,
        report=report,
        words=words,
        opening=words.opening(report),
        snn_terms={**SNN_TERMS, **HOST_TERMS},
        ann_terms=ANN_TERMS,
        known=KNOWN_BREAK_EVENS,
        totals_plot=plots.totals(report),
        layers_plot=plots.layers(report),
        version=__version__,
        digest=report.profile.digest(),
        tables=_tables(report),
    )


def _tables(report: EnergyReport) -> Mapping[str, list[dict[str, Any]]]:
    """Rows of means per sample, for the page."""
    counts = report.counts
    populations = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "neurons": layer.neurons,
            "spikes": float(layer.spikes.mean()),
            "rate": counts.rate(layer),
            "driven": float(layer.driven.mean()),
            "idle": float(layer.idle.mean()),
        }
        for layer in counts.layers
    ]
    connections = [
        {
            "name": c.name,
            "ends": f"{c.source} → {c.target}",
            "drive": c.drive,
            "delay": c.delay,
            "synapses": c.synapses,
            "nonzero": c.nonzero,
            "fan_out": c.fan_out,
            "dense": float(c.sop_dense.mean()),
            "event": float(c.sop_event.mean()),
            "effective": float(c.sop_effective.mean()),
            "macs": float(c.macs.mean()),
            "ann": ann.macs,
        }
        for c, ann in zip(counts.connections, report.twin.connections, strict=True)
    ]
    return {"populations": populations, "connections": connections}


def to_json(report: EnergyReport) -> str:
    """The whole report: counts as exact integers per sample, energies in pJ per sample."""
    document = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "note": words.opening(report),
        "tool": {"name": "snnvae", "version": __version__},
        "program": {"sha256": report.program, "precision": report.precision},
        "profile": {"sha256": report.profile.digest(), **_plain(report.profile)},
        "reference": report.reference.name if report.reference else None,
        "recording": _plain(report.info),
        "energy_pj": {
            "total": _plain(report.total),
            "terms": _plain(report.terms),
            "layers": [
                {"name": layer.name, "total": _plain(layer.total), "terms": _plain(layer.terms)}
                for layer in report.layers
            ],
            "mean_over_samples_95": _plain(report.activity),
            "lower_bound": report.lower_bound,
        },
        "unpriced": _plain(report.unpriced),
        "ann": {
            "macs": report.twin.macs,
            **_plain(report.twin),
            "energy_pj": [
                {"name": ann.name, "total": _plain(ann.total), **_plain(ann)} for ann in report.ann
            ],
        },
        "comparisons": [_plain(c) for c in report.comparisons],
        "known_break_evens": _plain(KNOWN_BREAK_EVENS),
        "counts": _plain(report.counts),
        "notes": _plain(report.notes),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and numpy scalars → what JSON knows; infinity → null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def summary_text(report: EnergyReport) -> str:
    """A short table for the terminal, energies per sample."""
    whole = report.total.nominal
    spent = [layer for layer in report.layers if layer.total.nominal]
    rows = [("", "energy", "band", "share")]
    rows += [_row(layer.name, layer.total, whole) for layer in spent]
    rows.append(_row("total, at least" if report.lower_bound else "total", report.total, whole))
    rows += [_row(ann.name, ann.total, 0.0) for ann in report.ann]
    lines = [
        f"{words.DISCLAIMER}: {report.profile.title}, per sample of {report.counts.steps} steps "
        f"(mean of {report.counts.samples})",
        *_aligned(rows),
    ]
    if report.main:
        lines.append(words.verdict(report.main, report.lower_bound))
        if report.main.headline:
            lines.append(f"Break-even: {words.breaking_even(report.main.break_even)}.")
    if report.unpriced:
        lines.append("Unpriced: " + ", ".join(u.term for u in report.unpriced))
    return "\n".join(lines) + "\n"


def _row(name: str, total: Interval, whole: float) -> tuple[str, str, str, str]:
    share = units.percent(total.nominal / whole) if whole else ""
    return name, units.energy(total.nominal), units.band(total), share


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))).rstrip()
        for row in rows
    ]
