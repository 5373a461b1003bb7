"""Inception score of generated images."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.metrics import Run

NAMES = {"is": "Inception score", "is_std": "Inception score, its spread"}


def check(run: Run) -> None:
    """ConfigError for fewer than two images."""
    run.need(2)


def measure(run: Run) -> dict[str, Any]:
    """{'is', 'is_std'}, or what is missing."""
    scores = run.inception_scores
    return {"is": scores} if isinstance(scores, str) else {k: scores[k] for k in NAMES}
