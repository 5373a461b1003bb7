"""How far the mean over these samples can be trusted: a bootstrap over the samples.

Of fewer than 30 samples a bootstrap makes too little (of 4 it covers 78 % for 95 %): there stands
Student's interval, for a ratio R = ā / b̄ that of its linear form, d = (a − R·b) / b̄.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit
from scipy.stats import bootstrap

from snnvae.energy.interval import Interval

LEVEL = 0.95
RESAMPLES = 2000
FEW = 30
"""Samples below which Student's interval stands for the bootstrap."""
AT_ONCE = 500_000
"""Samples drawn at once: some 20 MB. The draws are the same whatever this is."""
_SEED = 0
"""The same report for the same run."""


def mean_interval(values: np.ndarray) -> Interval | None:
    """95 % interval of the mean of (B,); None for a single sample."""
    return ratio_interval(values, np.ones(len(values)))


def ratio_interval(above: np.ndarray, below: np.ndarray) -> Interval | None:
    """The same of mean(above) / mean(below), samples (B,) drawn in pairs; below is over 0."""
    samples = len(above)
    if samples < 2:
        return None
    if samples < FEW:
        middle = float(above.mean() / below.mean())
        spread = float(np.std((above - middle * below) / below.mean(), ddof=1))
        half = float(stdtrit(samples - 1, (1 + LEVEL) / 2)) * spread / samples**0.5
        # What is measured is never below 0.
        return Interval(max(middle - half, 0.0), middle, middle + half)

    def quotient(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        ratio: np.ndarray = a.mean(axis=axis) / b.mean(axis=axis)
        return ratio

    found = bootstrap(
        (above, below),
        quotient,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, AT_ONCE // samples),
        confidence_level=LEVEL,
        method="percentile",
        random_state=np.random.default_rng(_SEED),
    ).confidence_interval
    middle = float(quotient(above, below))
    # Equal samples may differ in the last bit of their mean.
    return Interval(min(float(found.low), middle), middle, max(float(found.high), middle))
