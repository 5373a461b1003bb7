"""Precision, recall, density and coverage of generated features among real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5
BLOCK = 1 << 22
"""Distances held at once, 32 MB."""


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
    """Compares the neighbourhoods of features (N, D) and (M, D). Kynkäänniemi et al. 2019 (arXiv
    1904.06991), Naeem et al. 2020 (arXiv 2002.09797).

    A ball holds its surface: each point lies in its own ball where points repeat and the ball's
    radius is 0. (The authors' code leaves the surface out, so that the density of a set in itself
    is 1 there, and (k + 1)/k here.) All distances are worked out one way, or rounding would put a
    ball's k-th neighbour, or its own centre, outside of it.
    """
    of_real, of_generated = _radii(real, k), _radii(generated, k)
    inside_real = np.zeros(len(generated), np.int64)
    recalled, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for rows, distances in _distances(real, generated):
        within = distances <= of_real[rows, None]
        inside_real += within.sum(0)
        covered[rows] = within.any(1)
        recalled[rows] = (distances <= of_generated).any(1)
    return Neighbourhoods(
        precision=float((inside_real > 0).mean()),
        recall=float(recalled.mean()),
        density=float(inside_real.mean() / k),
        coverage=float(covered.mean()),
    )


def _radii(features: NDArray[np.floating], k: int) -> NDArray[np.float64]:
    """Distance of each point to its k-th neighbour; the nearest is the point itself."""
    radii = np.empty(len(features))
    for rows, distances in _distances(features, features):
        radii[rows] = np.partition(distances, k, axis=1)[:, k]
    return radii


def _distances(
    one: NDArray[np.floating], other: NDArray[np.floating]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Euclidean distances from some rows of `one` to all of `other`, block by block; each is the
    root of a sum of squared differences, the same for the same two points."""
    from scipy.spatial.distance import cdist

    block = max(1, BLOCK // max(len(other), 1))
    for start in range(0, len(one), block):
        rows = slice(start, min(start + block, len(one)))
        yield rows, cdist(one[rows], other)
