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


def fill(sampler: Sampler, rows: Rows, draws: int, likeliest: bool = True) -> Filled:
    """Each missing value by what came out of `draws` runs most often; or not `likeliest`, all of a
    row together by one run more, so that they go with each other."""
    gaps = np.flatnonzero((rows < 0).any(1))
    if not len(gaps):
        return Filled(rows.copy(), np.ones(rows.shape))
    asked, back = np.unique(rows[gaps], axis=0, return_inverse=True)
    share = sampler.counts(asked, draws)[back.reshape(-1)] / draws
    if likeliest:
        return _filled(sampler, rows, gaps, share, share)
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
