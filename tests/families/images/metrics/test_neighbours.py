"""Precision, recall, density and coverage, beside brute force and where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.families.images.metrics.neighbours import neighbourhoods

RNG = np.random.default_rng(0)


def brute(real: np.ndarray, made: np.ndarray, k: int) -> tuple[float, float, float, float]:
    def radius(points: np.ndarray, i: int) -> float:
        return float(np.sort(np.linalg.norm(points - points[i], axis=1))[k])

    of_real = [radius(real, i) for i in range(len(real))]
    of_made = [radius(made, i) for i in range(len(made))]
    d = np.linalg.norm(real[:, None] - made[None], axis=2)
    inside = d <= np.array(of_real)[:, None]
    return (
        inside.any(0).mean(),
        (d <= np.array(of_made)).any(1).mean(),
        inside.sum(0).mean() / k,
        inside.any(1).mean(),
    )


def test_are_those_of_brute_force() -> None:
    real, made = RNG.normal(size=(60, 3)), RNG.normal(size=(40, 3)) * 1.5 + 0.5
    found = neighbourhoods(real, made, k=4)
    expected = brute(real, made, 4)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(expected)
    assert 0.2 < found.precision < 1


def test_the_same_points_are_precise_and_cover_all() -> None:
    real = RNG.normal(size=(50, 3))
    found = neighbourhoods(real, real)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_far_points_are_neither() -> None:
    real = RNG.normal(size=(50, 3))
    found = neighbourhoods(real, real + 100)
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_a_set_in_itself_has_k_and_one_balls_around_each_point() -> None:
    """Each ball holds its centre and, on its surface, its k-th neighbour: (k + 1)/k."""
    real = RNG.normal(size=(200, 16)).astype(np.float32)
    assert neighbourhoods(real, real, 5).density == 6 / 5


def test_points_that_repeat_lie_in_each_others_balls_of_radius_0() -> None:
    """Ten times each, k = 5: the ten balls of a point's copies, 10/5."""
    points = np.repeat((RNG.normal(size=(20, 64)) * 3).astype(np.float32), 10, 0)
    found = neighbourhoods(points, points, 5)
    assert (found.precision, found.recall, found.density, found.coverage) == (1, 1, 2, 1)
