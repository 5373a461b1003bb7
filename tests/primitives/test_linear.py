"""Fully connected and one-to-one synapses."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnvae.errors import GraphError
from snnvae.primitives import Linear
from snnvae.primitives.one_to_one import OneToOne

WEIGHT = np.array([[1.0, 0.0, -2.0], [0.5, 3.0, 0.0]])
X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])


def test_affine_is_its_weights_and_a_bias() -> None:
    synapse, bias = Linear.from_nir(nir.Affine(WEIGHT, np.array([1.0, 2.0])), (3,))
    assert (synapse.in_shape, synapse.out_shape) == ((3,), (2,))
    np.testing.assert_array_equal(synapse.apply(X), [[-5, 6.5], [0, 3]])
    np.testing.assert_array_equal(bias, [1, 2])


def test_linear_has_no_bias() -> None:
    synapse, bias = Linear.from_nir(nir.Linear(WEIGHT), (3,))
    assert bias is None
    np.testing.assert_array_equal(synapse.matrix().toarray(), WEIGHT)
    assert synapse.matrix().nnz == 4


def test_fan_out_counts_zero_weights_the_effective_one_does_not() -> None:
    synapse = Linear((3,), (2,), WEIGHT)
    np.testing.assert_array_equal(synapse.fan_out(), [2, 2, 2])
    np.testing.assert_array_equal(synapse.fan_out_effective(), [2, 1, 1])
    assert synapse.macs() == 6


def test_gain_multiplies_rows() -> None:
    synapse = Linear((3,), (2,), WEIGHT)
    gained = synapse.with_gain(np.array([2.0, 10.0]))
    np.testing.assert_array_equal(gained.apply(X), synapse.apply(X) * [2, 10])
    np.testing.assert_array_equal(synapse.with_gain(np.float64(3)).weight, 3 * WEIGHT)


@pytest.mark.parametrize("shape", [(4,), (1, 3), (3, 1, 1)])
def test_an_input_that_is_not_the_vector_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GraphError, match="takes a vector of 3 values"):
        Linear.from_nir(nir.Linear(WEIGHT), shape)


def test_a_bias_of_another_length_is_refused() -> None:
    with pytest.raises(GraphError, match=r"bias has shape \(3,\), its weight needs \(2,\)"):
        Linear.from_nir(nir.Affine(WEIGHT, np.zeros(3)), (3,))


def test_a_plain_edge_joins_each_neuron_to_its_twin() -> None:
    edge = OneToOne.plain((2, 3))
    x = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_array_equal(edge.apply(x), x)
    np.testing.assert_array_equal(edge.matrix().toarray(), np.eye(6))
    np.testing.assert_array_equal(edge.fan_out(), np.ones((2, 3)))
    assert edge.macs() == 6


def test_an_edge_takes_a_gain_per_neuron() -> None:
    gain = np.array([[1.0, 0.0, 2.0]])
    edge = OneToOne.plain((1, 3)).with_gain(gain)
    np.testing.assert_array_equal(edge.apply(np.ones((1, 1, 3))), gain[None])
    assert edge.matrix().nnz == 2
    np.testing.assert_array_equal(edge.fan_out_effective(), [[1, 0, 1]])
    np.testing.assert_array_equal(OneToOne.plain((2,)).with_gain(np.float64(5)).weight, [5, 5])


def test_a_scale_multiplies_each_value() -> None:
    scale = np.array([[1.0, 2.0], [3.0, 4.0]])
    synapse, bias = OneToOne.from_nir(nir.Scale(scale), (2, 2))
    assert bias is None
    np.testing.assert_array_equal(synapse.apply(np.ones((1, 2, 2)))[0], scale)
    with pytest.raises(GraphError, match="scales an input"):
        OneToOne.from_nir(nir.Scale(scale), (4,))


def test_the_largest_sum_is_of_a_row() -> None:
    """|1| + |−2| = 3 and |0.5| + |3| = 3.5; the columns would say 1.5, 3 and 2."""
    assert Linear((3,), (2,), WEIGHT).largest_sum() == 3.5
    assert Linear((2,), (1,), np.array([[0.25, -0.5]])).largest_sum() == 0.75
    assert Linear((2,), (1,), np.zeros((1, 2))).largest_sum() == 0
