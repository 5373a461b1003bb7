"""Synaptic operations per image, of reconstructing where that is measured, else of generating."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.metrics import Run

NAMES = {"sops": "synaptic operations per image"}


def measure(run: Run) -> dict[str, Any]:
    """{'sops'}; None where they were not counted."""
    return {"sops": run.made.sops}
