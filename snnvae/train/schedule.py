"""The learning rate over a training run."""

from __future__ import annotations

import math

from snnvae.train.settings import Settings


def factor(config: Settings, done: float) -> float:
    """Returns what the learning rates are multiplied by when the part `done` of the training is
    behind.

    Rises from 0 to 1 over the warm-up; then 1, or half a cosine down to 0.
    """
    if done < config.warmup:
        return done / config.warmup
    if config.schedule == "constant":
        return 1.0
    return (1 + math.cos(math.pi * (done - config.warmup) / (1 - config.warmup))) / 2
