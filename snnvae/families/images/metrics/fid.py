"""FID: Fréchet distance of generated and held-out images in Inception's features."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.metrics import Run

NAMES = {"fid": "FID"}


def check(run: Run) -> None:
    """ConfigError for fewer than two images."""
    run.need(2)


def measure(run: Run) -> dict[str, Any]:
    """{'fid'}, or what is missing."""
    scores = run.inception_scores
    return {"fid": scores if isinstance(scores, str) else scores["fid"]}
