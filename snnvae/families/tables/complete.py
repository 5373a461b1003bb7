"""Fills the missing values of a table by the deployed sampler, each row given what it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.families.tables.network import Rows
from snnvae.families.tables.sampler import Sampler


@dataclass(frozen=True, eq=False)
class Filled:
    """rows (n, N) without gaps; probability (n, N) of each value by the draws, 1 of what was
    there."""

    rows: Rows
    probability: NDArray[np.float64]


def likeliest(sampler: Sampler, rows: Rows, draws: int) -> Filled:
    """Each missing value by itself: what came out of `draws` runs most often."""
    gaps = np.flatnonzero((rows < 0).any(1))
    asked, back = np.unique(rows[gaps], axis=0, return_inverse=True)
    if not len(gaps):
        return Filled(rows.copy(), np.ones(rows.shape))
    share = sampler.counts(asked, draws)[back.reshape(-1)] / draws
    return _filled(sampler, rows, gaps, share, share)


def drawn(sampler: Sampler, rows: Rows, draws: int) -> Filled:
    """All missing values of a row together: those of one run, so that they go with each other."""
    gaps = np.flatnonzero((rows < 0).any(1))
    asked, back = np.unique(rows[gaps], axis=0, return_inverse=True)
    if not len(gaps):
        return Filled(rows.copy(), np.ones(rows.shape))
    share = sampler.counts(asked, draws)[back.reshape(-1)] / draws
    # Runs of their own, whatever the shares were drawn from.
    values = sampler.rows(rows[gaps], first=len(asked) * draws).astype(np.float64)
    return _filled(sampler, rows, gaps, values, share)


def _filled(
    sampler: Sampler,
    rows: Rows,
    gaps: NDArray[np.int64],
    values: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Filled:
    """The largest of `values` (gaps, Σ K) for each variable, with its share."""
    found, probability = rows.copy(), np.ones(rows.shape)
    ends = np.cumsum(sampler.turns.counts)
    for i, (first, end) in enumerate(zip(sampler.turns.first, ends)):
        missing = rows[gaps, i] < 0
        best = values[:, first:end].argmax(1)
        p = share[np.arange(len(gaps)), first + best]
        found[gaps[missing], i] = best[missing]
        probability[gaps[missing], i] = p[missing]
    return Filled(found, probability)
