"""Precision, recall, density and coverage of generated images, in an autoencoder's features."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from snnvae.families.images.metrics.metrics import Run
from snnvae.families.images.metrics.neighbours import NEIGHBOURS, neighbourhoods

NAMES: dict[str, str] = {}


def check(run: Run) -> None:
    """ConfigError where the autoencoder is missing, or images are fewer than neighbours."""
    run.need(NEIGHBOURS + 1)
    run.feature_network  # noqa: B018


def measure(run: Run) -> dict[str, Any]:
    """{'precision', 'recall', 'density', 'coverage'}."""
    return asdict(neighbourhoods(*run.features))
