"""The metrics by name, and how their figures are written. Nothing heavy is imported for them."""

from __future__ import annotations

METRICS = ("mse", "fad", "prdc", "is", "fid", "rates", "sops", "recognised")
OF_GENERATED = ("fad", "prdc", "is", "fid", "recognised")
"""Those that take generated images."""

IN_PARTS = ("rates", "recognised_by_class")
"""Figures that are several, by layer or by class."""

NAMES = {
    "mse": "reconstruction MSE",
    "fad": "FAD",
    "fad_by_batch": "FAD by batch statistics",
    "is": "Inception score",
    "is_std": "Inception score, its spread",
    "fid": "FID",
    "recognised": "recognised as their class",
    "recogniser_accuracy": "held-out images, recognised likewise",
    "sops": "synaptic operations per image",
}


def figure(value: float | None) -> str:
    """Four digits, or thousands grouped; a dash where nothing was measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}"
