"""Inception score of generated images."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.inception_network import weights_file
from snnvae.families.images.metrics.metrics import Run

NAMES = {"is": "Inception score", "is_std": "Inception score, its spread"}


def check(run: Run) -> None:
    """ConfigError for fewer than two images; DataError or MissingError without Inception."""
    run.need(2)
    weights_file(run.asked.inception)


def measure(run: Run) -> dict[str, Any]:
    """{'is', 'is_std'}."""
    return {name: run.inception_scores[name] for name in NAMES}
