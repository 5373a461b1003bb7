"""Convolution and transposed convolution against loops over every synapse."""

from __future__ import annotations

from itertools import product
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snnvae.errors import GraphError
from snnvae.primitives import Conv2d, ConvTranspose2d, NirConvTranspose2d, Sparse
from snnvae.primitives.convolution import Convolution


@st.composite
def geometries(draw: st.DrawFn) -> dict[str, Any]:
    def two(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    return {
        "size": two(1, 5),
        "kernel": two(1, 3),
        "stride": two(1, 3),
        "padding": two(0, 2),
        "dilation": two(1, 2),
        "groups": draw(st.integers(1, 2)),
        "per_group": two(1, 2),
        "seed": draw(st.integers(0, 1 << 16)),
    }


def conv(g: dict[str, Any], padding: Any = None) -> tuple[Conv2d, np.ndarray]:
    """A convolution of integer weights, some of them 0, through its NIR node."""
    rng = np.random.default_rng(g["seed"])
    c_in, c_out = (n * g["groups"] for n in g["per_group"])
    weight = rng.integers(-3, 4, (c_out, g["per_group"][0], *g["kernel"])).astype(float)
    padding = g["padding"] if padding is None else padding
    bias = rng.normal(size=c_out)
    node = nir.Conv2d(g["size"], weight, g["stride"], padding, g["dilation"], g["groups"], bias)
    try:
        synapse, full_bias = Conv2d.from_nir(node, (c_in, *g["size"]))
    except GraphError as error:
        assume("empty output" not in str(error))
        raise
    assert full_bias is not None
    assert (full_bias == bias[:, None, None]).all()
    return synapse, weight


def transposed(g: dict[str, Any]) -> tuple[ConvTranspose2d, np.ndarray]:
    """A transposed convolution of integer weights, some of them 0, through our NIR node."""
    rng = np.random.default_rng(g["seed"])
    c_in = g["per_group"][0] * g["groups"]
    weight = rng.integers(-3, 4, (c_in, g["per_group"][1], *g["kernel"])).astype(float)
    extra = tuple(rng.integers(0, max(s, d)) for s, d in zip(g["stride"], g["dilation"]))
    bias = np.zeros(g["per_group"][1] * g["groups"])
    geometry = (g["stride"], g["padding"], extra, g["dilation"], g["groups"])
    node = NirConvTranspose2d(g["size"], weight, *geometry, bias)
    assume(min(node.output_type["output"]) > 0)
    synapse, _ = ConvTranspose2d.from_nir(node, (c_in, *g["size"]))
    return synapse, weight


def edges(s: Convolution) -> np.ndarray:
    """(n_out, n_in) weights, one synapse after another, by the equation in the docstring."""
    dense = np.zeros((*s.out_shape, *s.in_shape))
    outs, ins = s.weight.shape[0] // s.groups, s.weight.shape[1]
    coarse = s.in_shape if s.transposed else s.out_shape
    fine = s.out_shape if s.transposed else s.in_shape
    for group, o, i in product(range(s.groups), range(outs), range(ins)):
        for j_y, j_x in product(*map(range, s.weight.shape[2:])):
            for y, x in product(range(coarse[1]), range(coarse[2])):
                at_y = y * s.stride[0] - s.padding[0] + s.dilation[0] * j_y
                at_x = x * s.stride[1] - s.padding[1] + s.dilation[1] * j_x
                if not (0 <= at_y < fine[1] and 0 <= at_x < fine[2]):
                    continue
                target, origin = group * outs + o, group * ins + i
                here, there = ((at_y, at_x), (y, x)) if s.transposed else ((y, x), (at_y, at_x))
                dense[(target, *here, origin, *there)] += s.weight[target, i, j_y, j_x]
    return dense.reshape(int(np.prod(s.out_shape)), -1)


def agree(s: Convolution, seed: int) -> None:
    dense = edges(s)
    x = np.random.default_rng(seed).integers(-4, 5, (2, *s.in_shape)).astype(float)
    expected = (x.reshape(2, -1) @ dense.T).reshape(2, *s.out_shape)
    np.testing.assert_array_equal(s.apply(x), expected)
    np.testing.assert_array_equal(s.matrix().toarray(), dense)
    ones = edges(s.with_weight(np.ones_like(s.weight)))
    np.testing.assert_array_equal(s.fan_out().reshape(-1), ones.sum(0))
    assert s.fan_out().dtype == np.int64
    assert s.macs() == ones.sum()
    np.testing.assert_array_equal(s.fan_out_effective().reshape(-1), (dense != 0).sum(0))


@given(geometries())
def test_convolution_is_its_equation(g: dict[str, Any]) -> None:
    agree(conv(g)[0], g["seed"])


@given(geometries(), st.sampled_from(["same", "valid"]))
def test_named_padding_is_its_equation(g: dict[str, Any], padding: str) -> None:
    synapse, _ = conv({**g, "stride": (1, 1)}, padding)
    if padding == "same":
        assert synapse.out_shape[1:] == g["size"]
    agree(synapse, g["seed"])


@given(geometries())
def test_transposed_convolution_is_its_equation(g: dict[str, Any]) -> None:
    agree(transposed(g)[0], g["seed"])


@given(geometries(), st.booleans())
def test_integer_weights_give_integer_sums(g: dict[str, Any], up: bool) -> None:
    """Fixed point adds int64: no float may slip in."""
    synapse = (transposed(g) if up else conv(g))[0]
    whole = synapse.with_weight(synapse.weight.astype(np.int64))
    x = np.random.default_rng(0).integers(0, 2, (2, *synapse.in_shape))
    assert whole.apply(x).dtype == np.int64
    assert whole.matrix().dtype == np.int64
    np.testing.assert_array_equal(whole.apply(x), synapse.apply(x.astype(float)))


@given(geometries(), st.booleans())
def test_a_gain_per_channel_multiplies_every_current(g: dict[str, Any], up: bool) -> None:
    synapse = (transposed(g) if up else conv(g))[0]
    gain = 2.0 ** np.arange(synapse.out_shape[0])[:, None, None]
    x = np.random.default_rng(1).integers(0, 2, (2, *synapse.in_shape)).astype(float)
    spread = np.broadcast_to(gain, synapse.out_shape)
    for given_gain in (gain, spread):
        np.testing.assert_array_equal(
            synapse.with_gain(given_gain).apply(x), synapse.apply(x) * gain
        )
    np.testing.assert_array_equal(synapse.with_gain(np.float64(3)).apply(x), 3 * synapse.apply(x))


def simple(**changes: Any) -> dict[str, Any]:
    base = {"size": (4, 4), "kernel": (3, 3), "stride": (1, 1), "padding": (1, 1)}
    rest = {"dilation": (1, 1), "groups": 1, "per_group": (2, 2), "seed": 0}
    return {**base, **rest, **changes}


def test_a_gain_that_differs_within_a_channel_parts_the_kernel_into_synapses() -> None:
    synapse, _ = conv(simple())
    gain = np.ones(synapse.out_shape)
    gain[0, 0, 0] = 2
    parted = synapse.with_gain(gain)
    assert isinstance(parted, Sparse)
    x = np.random.default_rng(0).normal(size=(2, *synapse.in_shape))
    np.testing.assert_allclose(parted.apply(x), synapse.apply(x) * gain, atol=1e-12)
    np.testing.assert_array_equal(parted.fan_out(), synapse.fan_out())


def test_a_kernel_outside_of_the_map_is_refused() -> None:
    node = nir.Conv2d((2, 2), np.ones((1, 1, 5, 5)), 1, 0, 1, 1, np.zeros(1))
    with pytest.raises(GraphError, match="empty output"):
        Conv2d.from_nir(node, (1, 2, 2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.ones((2, 3))}, "weight"),
        ({"weight": np.ones((2, 2, 3))}, "weight"),
        ({"bias": np.zeros(5)}, "bias has shape"),
        ({"stride": (0, 1)}, "stride"),
        ({"stride": (-1, -1)}, "stride"),
        ({"padding": (-1, 0)}, "padding"),
        ({"dilation": (0, 1)}, "dilation"),
        ({"groups": 0}, "groups"),
        ({"groups": 3}, "groups"),
        ({"stride": (2, 2), "padding": "same"}, "'same' has no meaning with a stride"),
    ],
)
def test_geometry_that_has_no_meaning_is_refused(changes: dict[str, Any], message: str) -> None:
    node = nir.Conv2d((4, 4), np.ones((2, 2, 3, 3)), (1, 1), (1, 1), (1, 1), 1, np.zeros(2))
    for name, value in changes.items():
        setattr(node, name, value)
    with pytest.raises(GraphError, match=message):
        Conv2d.from_nir(node, (2, 4, 4))


def test_an_input_of_other_channels_is_refused() -> None:
    node = nir.Conv2d((4, 4), np.ones((2, 2, 3, 3)), 1, 1, 1, 1, np.zeros(2))
    with pytest.raises(GraphError, match=r"takes an input \(2, height, width\)"):
        Conv2d.from_nir(node, (3, 4, 4))
    with pytest.raises(GraphError, match="takes an input"):
        Conv2d.from_nir(node, (2, 16))
