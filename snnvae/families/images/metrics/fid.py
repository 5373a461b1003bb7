"""FID: Fréchet distance of generated and held-out images in Inception's features."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.inception_network import weights_file
from snnvae.families.images.metrics.metrics import Run

NAMES = {"fid": "FID"}


def check(run: Run) -> None:
    """ConfigError for fewer than two images; DataError or MissingError without Inception."""
    run.need(2)
    weights_file(run.asked.inception)


def measure(run: Run) -> dict[str, Any]:
    """{'fid'}."""
    return {"fid": run.inception_scores["fid"]}
