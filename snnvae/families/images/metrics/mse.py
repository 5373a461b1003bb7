"""Reconstruction: mean squared error per pixel, in [−1, 1]."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.metrics import Run
from snnvae.images import mse

NAMES = {"mse": "reconstruction MSE"}


def measure(run: Run) -> dict[str, Any]:
    """{'mse'}: of the held-out images."""
    return {"mse": mse(run.asked.images, run.copies.images)}
