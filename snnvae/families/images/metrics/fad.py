"""FAD: Fréchet distance of generated and held-out images in an autoencoder's features."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.features import features
from snnvae.families.images.metrics.frechet import frechet_distance
from snnvae.families.images.metrics.metrics import Run

NAMES = {"fad": "FAD", "fad_by_batch": "FAD by batch statistics"}


def check(run: Run) -> None:
    """ConfigError where the autoencoder, or two images, are missing."""
    run.need(2)
    run.feature_network  # noqa: B018


def measure(run: Run) -> dict[str, Any]:
    """{'fad', 'fad_by_batch'}: by running statistics, and by each batch's own."""
    real, made = run.features
    net = run.feature_network
    by_batch = (features(net, x, by_batch=True) for x in (run.generated.images, run.asked.images))
    return {"fad": frechet_distance(made, real), "fad_by_batch": frechet_distance(*by_batch)}
