"""Precision, recall, density and coverage of generated features among real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5


@dataclass(frozen=True)
class Neighbourhoods:
    """precision  share of generated points inside some real point's ball
    recall     share of real points inside some generated point's ball
    density    balls of real points around a generated one, on average, over k
    coverage   share of real points in whose ball a generated one lies

    A point's ball reaches to its k-th neighbour within its own set.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(
    real: NDArray[np.floating], generated: NDArray[np.floating], k: int = NEIGHBOURS
) -> Neighbourhoods:
    """Of features (N, D) and (M, D). Kynkäänniemi et al. 2019 (arXiv 1904.06991), Naeem et al.
    2020 (arXiv 2002.09797)."""
    from sklearn.metrics import pairwise_distances_chunked

    of_real, of_generated = _radii(real, k), _radii(generated, k)
    inside_real = np.zeros(len(generated), np.int64)
    recalled, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    start = 0
    for distances in pairwise_distances_chunked(real, generated):
        rows = slice(start, start + len(distances))
        within = distances <= of_real[rows, None]
        inside_real += within.sum(0)
        covered[rows] = within.any(1)
        recalled[rows] = (distances <= of_generated).any(1)
        start = rows.stop
    return Neighbourhoods(
        precision=float((inside_real > 0).mean()),
        recall=float(recalled.mean()),
        density=float(inside_real.mean() / k),
        coverage=float(covered.mean()),
    )


def _radii(features: NDArray[np.floating], k: int) -> NDArray[np.float64]:
    """Distance of each point to its k-th neighbour."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k + 1).fit(features).kneighbors(features)[0]
    radii: NDArray[np.float64] = found[:, k]
    return radii
