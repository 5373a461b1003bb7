"""Robustness: what a network makes of images that noise has touched.

x̃ = clip(x + σ·n, −1, 1), n ~ N(0, 1) for each pixel, the same n for every σ and every network; the
error is that against x, so that a network which lets the noise pass has about that of x̃ itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snnvae.families.images.metrics.metrics import Run
from snnvae.images import mse

LEVELS = (0.1, 0.2, 0.4, 0.8)
"""σ, of pixels in [−1, 1]."""
SEED = 0
"""Of the noise."""

NAMES = {f"noise_{level}": f"MSE, image with noise of {level}" for level in LEVELS}


def measure(run: Run) -> dict[str, Any]:
    """{'noise_σ'}: the mean squared error per pixel of reconstructions, against images without."""
    images, label = run.asked.images, run.asked.label
    normal = np.random.default_rng(SEED).standard_normal(images.shape, np.float32)
    found = {}
    for level in LEVELS:
        touched = np.clip(images + np.float32(level) * normal, -1, 1)
        found[f"noise_{level}"] = mse(images, run.network.reconstruct(touched, label).images)
    return found
