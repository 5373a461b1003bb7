"""Firing rates by layer, of reconstructing where that is measured, else of generating."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.metrics import Run

NAMES: dict[str, str] = {}


def measure(run: Run) -> dict[str, Any]:
    """{'rates': {layer: mean spikes per neuron and step}}."""
    return {"rates": dict(run.made.rates)}
