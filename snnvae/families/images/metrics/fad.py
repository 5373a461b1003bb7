"""FAD: Fréchet distance of generated and held-out images in an autoencoder's features."""

from __future__ import annotations

from typing import Any

from snnvae.families.images.metrics.features import features
from snnvae.families.images.metrics.frechet import distance_of, frechet_distance, gaussian_of
from snnvae.families.images.metrics.metrics import Run

NAMES = {
    "fad": "FAD",
    "fad_by_batch": "FAD by batch statistics",
    "fad_to_reference": "FAD to the reference",
    "fad_to_reference_by_batch": "FAD to the reference by batch statistics",
}


def check(run: Run) -> None:
    """ConfigError where the autoencoder, or two images, are missing; DataError for a reference that
    is not of its features."""
    run.need(2)
    run.feature_network  # noqa: B018
    run.reference  # noqa: B018


def measure(run: Run) -> dict[str, Any]:
    """{'fad', 'fad_by_batch'}: by running statistics, and by each batch's own; the same to the
    reference, where one is named: its authors' figure is that by batch."""
    real, made = run.features
    net = run.feature_network
    by_batch, real_by_batch = (
        features(net, x, by_batch=True) for x in (run.generated.images, run.asked.images)
    )
    found = {
        "fad": frechet_distance(made, real),
        "fad_by_batch": frechet_distance(by_batch, real_by_batch),
    }
    if run.reference is not None:
        for name, each in (("fad_to_reference", made), ("fad_to_reference_by_batch", by_batch)):
            found[name] = distance_of(gaussian_of(each), run.reference)
    return found
