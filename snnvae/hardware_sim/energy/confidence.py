"""How far the mean over these samples can be trusted: a bootstrap over the samples."""

from __future__ import annotations

import numpy as np
from scipy.stats import bootstrap

from snnvae.hardware_sim.energy.interval import Interval

LEVEL = 0.95
RESAMPLES = 2000
_SEED = 0
"""The same report for the same run."""


def mean_interval(values: np.ndarray) -> Interval | None:
    """95 % percentile bootstrap of the mean of (B,); None for a single sample."""
    return ratio_interval(values, np.ones(len(values)))


def ratio_interval(above: np.ndarray, below: np.ndarray) -> Interval | None:
    """The same of mean(above) / mean(below), samples (B,) drawn in pairs; below is over 0."""
    if len(above) < 2:
        return None

    def quotient(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        ratio: np.ndarray = a.mean(axis=axis) / b.mean(axis=axis)
        return ratio

    found = bootstrap(
        (above, below),
        quotient,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, 4_000_000 // len(above)),
        confidence_level=LEVEL,
        method="percentile",
        random_state=np.random.default_rng(_SEED),
    ).confidence_interval
    middle = float(quotient(above, below))
    # Equal samples may differ in the last bit of their mean.
    return Interval(min(float(found.low), middle), middle, max(float(found.high), middle))
