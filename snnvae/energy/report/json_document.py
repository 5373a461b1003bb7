"""A report as JSON: everything in it, counts as integers per sample, energies in pJ per sample.

`schema/energy-1.schema.json` says what stands where; within a version fields are only added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from snnvae import __version__
from snnvae.energy.ann.baselines import AnnEnergy
from snnvae.energy.bill import Bill
from snnvae.energy.compare import KNOWN_BREAK_EVENS, Comparison
from snnvae.energy.pace import Pace
from snnvae.energy.report import words
from snnvae.energy.result import EnergyReport

SCHEMA = "snnvae-energy"
SCHEMA_VERSION = 1


def to_json(report: EnergyReport) -> str:
    """The whole report as text."""
    return json.dumps(document(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def document(report: EnergyReport) -> dict[str, Any]:
    """The whole report; infinity and not-a-number become null."""
    measured = report.measured
    return {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "note": words.opening(report),
        "tool": {"name": "snnvae", "version": __version__},
        "program": {"sha256": report.program, "precision": report.precision},
        "profile": {"sha256": report.profile.digest(), **_plain(report.profile)},
        "reference": _reference(report),
        "files": {name: {"sha256": digest} for name, digest in measured.hashes.items()},
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
            "active_macs": _plain(measured.active),
            "energy_pj": [_ann(ann) for ann in report.ann],
        },
        "comparisons": [_comparison(c) for c in report.comparisons],
        "sensitivity": _plain(report.swings),
        "known_break_evens": _plain(KNOWN_BREAK_EVENS),
        "time": _time(report.pace),
        "counts": {
            **_plain(report.counts),
            "memory_words": {
                layer.name: _plain(report.counts.memory(layer)) for layer in report.counts.layers
            },
        },
        "host": _plain(measured.host),
        "placement": _placement(report),
        "silent_neurons": {name: fired.silent for name, fired in measured.firing.items()},
        "notes": _plain(report.notes),
    }


def _reference(report: EnergyReport) -> dict[str, str] | None:
    found = report.reference
    return None if found is None else {"name": found.name, "sha256": found.digest()}


def _ann(ann: AnnEnergy) -> dict[str, Any]:
    return {
        "name": ann.name,
        "arithmetic": ann.arithmetic,
        "reuse": ann.reuse,
        "total": _plain(ann.total),
        "terms": _plain(_terms(ann.bill)),
    }


def _terms(bill: Bill) -> dict[str, Any]:
    return dict(bill.terms)


def _comparison(c: Comparison) -> dict[str, Any]:
    return {
        "ann": c.ann.name,
        "ratio": _plain(c.ratio),
        "ratio_over_samples_95": _plain(c.activity),
        "verdict": c.verdict,
        "headline": c.headline,
        "label": c.label,
        "break_even": {**_plain(c.break_even), "spikes_per_synapse": c.break_even.per_synapse},
    }


def _time(pace: Pace | None) -> dict[str, Any] | None:
    if pace is None:
        return None
    return {
        **_plain(pace),
        "latency_s": _plain(pace.latency),
        "samples_per_second": _plain(pace.throughput),
    }


def _placement(report: EnergyReport) -> dict[str, Any] | None:
    placement = report.measured.placement
    if placement is None:
        return None
    return {
        "chip": placement.chip,
        "cores": placement.cores,
        "chips": placement.chips,
        "broken_rules": placement.broken,
    }


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and numpy scalars → what JSON knows; infinity → null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
