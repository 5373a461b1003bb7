"""Weights on a grid: sums that are exact in any order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.errors import GraphError


@given(
    st.lists(st.floats(-1e3, 1e3).filter(lambda w: abs(w) > 1e-9), min_size=2, max_size=40),
    st.randoms(use_true_random=False),
)
def test_a_sum_of_weights_is_the_true_one_in_any_order(
    nets: Any, weights: list[float], random: Any
) -> None:
    graph = nets.chain(
        {
            "in": nets.source(len(weights)),
            "w": nets.affine([weights]),
            "a": nets.lif(1, tau=5e-3, r=1.0),
            "out": nets.sink(1),
        }
    )
    program = nets.compiled(graph)
    snapped = program.connections[0].synapse.weight[0].tolist()
    grid = program.layer("a").weight_grid
    assert all((w / grid).is_integer() for w in snapped)
    # dt/τ·R = 0.2 is in the weights; no weight moves by more than half a step of the grid.
    assert np.abs(np.array(snapped) - 0.2 * np.array(weights)).max() <= grid
    random.shuffle(snapped)
    total = 0.0
    for weight in snapped:
        total += weight
    assert Fraction(total) == sum(map(Fraction, snapped))


def test_float32_weights_of_like_size_are_left_as_they_are(nets: Any) -> None:
    weight = np.random.default_rng(0).normal(0, 0.3, (4, 64)).astype(np.float32)
    nodes = {"in": nets.source(64), "w": nets.affine(weight), "a": nets.lif(4), "out": nets.sink(4)}
    found = nets.compiled(nets.chain(nodes)).connections[0].synapse.weight
    np.testing.assert_array_equal(found, weight)


@pytest.mark.parametrize(("weight", "bias"), [(1e308, 0.0), (1.0, 1e308)])
def test_products_that_overflow_are_refused_by_name(nets: Any, weight: float, bias: float) -> None:
    nodes = {
        "in": nets.source(1),
        "w": nets.affine([[weight]], bias),
        "a": nets.lif(1, tau=2e-3, r=1e5),
        "out": nets.sink(1),
    }
    with pytest.raises(GraphError, match="not finite; scale"), np.errstate(over="ignore"):
        nets.compiled(nets.chain(nodes))
