"""Fréchet distance of two sets of features, each taken as a Gaussian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Gaussian = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Mean (D,) and covariance (D, D)."""


def gaussian_of(x: NDArray[np.floating]) -> Gaussian:
    """Mean and covariance of features (N, D)."""
    x = np.asarray(x, np.float64)
    return x.mean(0), np.atleast_2d(np.cov(x, rowvar=False))


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The distance of features (N, D) and (M, D)."""
    return distance_of(gaussian_of(a), gaussian_of(b))


def distance_of(a: Gaussian, b: Gaussian) -> float:
    """|μ_a − μ_b|² + tr(Σ_a + Σ_b − 2·(Σ_a Σ_b)^½).

    The trace of the root is Σ√λ over the eigenvalues of Σ_a^½ Σ_b Σ_a^½, which is symmetric: no
    complex roots, and no ε added for singular ones. Dowson & Landau 1982; Heusel et al. 2017.
    """
    mean, of_a, of_b = a[0] - b[0], a[1], b[1]
    values, vectors = np.linalg.eigh(of_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ of_b @ root).clip(0)).sum()
    return float(mean @ mean + np.trace(of_a) + np.trace(of_b) - 2 * cross)
