"""Fréchet distance of two sets of features, each taken as a Gaussian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """|μ_a − μ_b|² + tr(Σ_a + Σ_b − 2·(Σ_a Σ_b)^½) of features (N, D) and (M, D).

    The trace of the root is Σ√λ over the eigenvalues of Σ_a^½ Σ_b Σ_a^½, which is symmetric: no
    complex roots, and no ε added for singular ones. Dowson & Landau 1982; Heusel et al. 2017.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    mean = a.mean(0) - b.mean(0)
    of_a, of_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(of_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ of_b @ root).clip(0)).sum()
    return float(mean @ mean + np.trace(of_a) + np.trace(of_b) - 2 * cross)
