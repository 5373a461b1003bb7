"""Two maps as one, and a map as the node that describes it."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snnvae import primitives
from snnvae.errors import GraphError
from snnvae.primitive import Synapse
from snnvae.primitives import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Linear,
    NirConvTranspose2d,
    NirSparseAffine,
    OneToOne,
    Sparse,
    SumPool2d,
)
from snnvae.primitives.compose import compose, to_nodes


@st.composite
def maps(draw: Any, shape: tuple[int, int, int] | None = None) -> Synapse:
    """Any map from a (C, H, W) to another, with geometry that exists."""
    shape = shape or tuple(draw(st.tuples(*(st.integers(1, n) for n in (3, 7, 7)))))
    kind = draw(st.sampled_from(["conv", "conv", "pool", "scale", "up"]))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 16)))
    k, s, p, d = (
        tuple(draw(st.integers(low, high)) for _ in range(2))
        for low, high in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    try:
        if kind == "scale":
            per_channel = draw(st.booleans())
            scale = rng.normal(size=(shape[0], 1, 1) if per_channel else shape)
            return OneToOne(shape, shape, np.broadcast_to(scale, shape).copy())
        if kind == "pool":
            node: Any = nir.AvgPool2d(np.array(k), np.array(s), np.minimum(p, k))
            return draw(st.sampled_from([AvgPool2d, SumPool2d])).from_nir(node, shape)[0]
        if kind == "up":
            weight = rng.normal(size=(shape[0], 2, *k))
            up = NirConvTranspose2d(shape[1:], weight, s, 0, 0, 1, 1, np.zeros(2))
            return ConvTranspose2d.from_nir(up, shape)[0]
        groups = shape[0] if draw(st.booleans()) else 1
        out = groups * draw(st.integers(1, 2))
        same = draw(st.booleans())
        weight = rng.normal(size=(out, shape[0] // groups, *k))
        padding: Any = "same" if same else p
        node = nir.Conv2d(None, weight, (1, 1) if same else s, padding, d, groups, np.zeros(out))
        return Conv2d.from_nir(node, shape)[0]
    except GraphError:
        assume(False)
        raise


@given(st.data())
def test_one_map_after_another_is_their_composition(data: Any) -> None:
    first = data.draw(maps())
    assume(len(first.out_shape) == 3)
    second = data.draw(maps(first.out_shape))
    both = compose(second, first)
    assert both is not None
    x = np.random.default_rng(0).normal(size=(2, *first.in_shape))
    np.testing.assert_allclose(both.apply(x), second.apply(first.apply(x)), atol=1e-9)


@given(maps())
def test_a_map_is_the_node_that_describes_it(synapse: Synapse) -> None:
    bias = np.random.default_rng(1).normal(size=(synapse.out_shape[0], 1, 1))
    bias = np.broadcast_to(bias, synapse.out_shape)
    x = np.random.default_rng(0).normal(size=(2, *synapse.in_shape))
    for given_bias in (None, bias):
        (node,) = to_nodes(synapse, given_bias)
        kind = primitives.synapse_for(node)
        assert kind is not None
        again, found = kind.from_nir(node, synapse.in_shape)
        np.testing.assert_allclose(again.apply(x), synapse.apply(x), atol=1e-12)
        wanted = np.zeros(synapse.out_shape) if given_bias is None else given_bias
        np.testing.assert_array_equal(0.0 if found is None else found, wanted)


@given(maps())
def test_gains_go_into_the_weights_on_either_side(synapse: Synapse) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *synapse.in_shape))
    out, into = rng.normal(size=synapse.out_shape), rng.normal(size=synapse.in_shape)
    np.testing.assert_allclose(synapse.with_gain(out).apply(x), out * synapse.apply(x), atol=1e-9)
    np.testing.assert_allclose(
        synapse.with_input_gain(into).apply(x), synapse.apply(into * x), atol=1e-9
    )


def test_a_vector_behind_a_map_needs_a_flatten() -> None:
    linear = Linear((2, 3), (4,), np.arange(24.0).reshape(4, 6))
    flatten, affine = to_nodes(linear, None)
    assert isinstance(flatten, nir.Flatten)
    np.testing.assert_array_equal(affine.weight, linear.weight)


def test_a_product_beyond_the_limit_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnvae.primitives.compose.MAX_SYNAPSES", 8)
    wide = Linear((3,), (3,), np.ones((3, 3)))
    assert compose(wide, wide) is None


def sparse(**changes: Any) -> NirSparseAffine:
    parts = {
        "input_shape": (3,),
        "output_shape": (2,),
        "weight": np.array([1.0, 2.0, 3.0]),
        "indices": np.array([0, 2, 1]),
        "indptr": np.array([0, 2, 3]),
        "bias": np.array([0.5, 0.0]),
    }
    return NirSparseAffine(**{**parts, **changes})


def test_a_sparse_node_is_its_matrix() -> None:
    synapse, bias = Sparse.from_nir(sparse(), (3,))
    np.testing.assert_array_equal(synapse.matrix().toarray(), [[1, 0, 2], [0, 3, 0]])
    np.testing.assert_array_equal(synapse.fan_out(), [1, 1, 1])
    assert bias is not None
    assert bias.tolist() == [0.5, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"indices": np.array([0, 3, 1])},
        {"indices": np.array([0, -1, 1])},
        {"indices": np.array([0.0, 1.0, 2.0])},
        {"indices": np.array([0, 1])},
        {"indptr": np.array([0, 2, 4])},
        {"indptr": np.array([0, 3, 2])},
        {"indptr": np.array([1, 2, 3])},
        {"indptr": np.array([0, 3])},
        {"weight": np.ones((3, 1))},
        {"bias": np.zeros(3)},
        {"input_shape": (4,)},
    ],
)
def test_a_sparse_node_that_leads_outside_of_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(GraphError):
        Sparse.from_nir(sparse(**changes), (3,))
