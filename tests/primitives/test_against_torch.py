"""The same sums as torch.nn.functional in float64, over random geometry."""

from __future__ import annotations

import nir
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snnvae.primitives import Conv2d, ConvTranspose2d, NirConvTranspose2d

torch = pytest.importorskip("torch", reason="torch is left out where only Lava is tested")
functional = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

two = st.tuples(st.integers(1, 3), st.integers(1, 3))
geometry = {
    "size": st.tuples(st.integers(1, 7), st.integers(1, 7)),
    "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
    "stride": two,
    "padding": st.tuples(st.integers(0, 3), st.integers(0, 3)),
    "dilation": two,
    "groups": st.integers(1, 3),
    "channels": two,
    "seed": st.integers(0, 1 << 16),
}


@given(named=st.sampled_from([None, "same", "valid"]), **geometry)
def test_conv2d(named, size, kernel, stride, padding, dilation, groups, channels, seed) -> None:
    rng = np.random.default_rng(seed)
    if named == "same":
        stride = (1, 1)
    padding = named or padding
    c_in, c_out = channels[0] * groups, channels[1] * groups
    weight, bias = rng.normal(size=(c_out, channels[0], *kernel)), rng.normal(size=c_out)
    x = rng.normal(size=(2, c_in, *size))
    tensors = (torch.from_numpy(a) for a in (x, weight, bias))
    try:
        expected = functional.conv2d(*tensors, stride, padding, dilation, groups).numpy()
    except RuntimeError:
        assume(False)
    node = nir.Conv2d(size, weight, stride, padding, dilation, groups, bias)
    synapse, full = Conv2d.from_nir(node, (c_in, *size))
    assert synapse.out_shape == expected.shape[1:]
    np.testing.assert_allclose(synapse.apply(x) + full, expected, rtol=1e-12, atol=1e-12)
    by_matrix = (synapse.matrix() @ x.reshape(2, -1).T).T.reshape(expected.shape)
    np.testing.assert_allclose(by_matrix + full, expected, rtol=1e-12, atol=1e-12)


@given(extra=st.tuples(st.integers(0, 2), st.integers(0, 2)), **geometry)
def test_conv_transpose2d(
    extra, size, kernel, stride, padding, dilation, groups, channels, seed
) -> None:
    rng = np.random.default_rng(seed)
    c_in, c_out = channels[0] * groups, channels[1] * groups
    weight, bias = rng.normal(size=(c_in, channels[1], *kernel)), rng.normal(size=c_out)
    x = rng.normal(size=(2, c_in, *size))
    tensors = (torch.from_numpy(a) for a in (x, weight, bias))
    try:
        out = functional.conv_transpose2d(*tensors, stride, padding, extra, groups, dilation)
    except RuntimeError:
        assume(False)
    expected = out.numpy()
    node = NirConvTranspose2d(size, weight, stride, padding, extra, dilation, groups, bias)
    assert tuple(node.output_type["output"]) == expected.shape[1:]
    synapse, full = ConvTranspose2d.from_nir(node, (c_in, *size))
    np.testing.assert_allclose(synapse.apply(x) + full, expected, rtol=1e-12, atol=1e-12)
    by_matrix = (synapse.matrix() @ x.reshape(2, -1).T).T.reshape(expected.shape)
    np.testing.assert_allclose(by_matrix + full, expected, rtol=1e-12, atol=1e-12)


@given(**geometry)
def test_fan_out_is_the_gradient_of_a_sum_of_ones(
    size, kernel, stride, padding, dilation, groups, channels, seed
) -> None:
    """How many outputs an input reaches is d(Σ out)/d(in) with every weight 1."""
    c_in, c_out = channels[0] * groups, channels[1] * groups
    weight = np.ones((c_out, channels[0], *kernel))
    x = torch.zeros((1, c_in, *size), dtype=torch.float64, requires_grad=True)
    try:
        out = functional.conv2d(
            x, torch.from_numpy(weight), None, stride, padding, dilation, groups
        )
    except RuntimeError:
        assume(False)
    out.sum().backward()
    node = nir.Conv2d(size, weight, stride, padding, dilation, groups, np.zeros(c_out))
    synapse, _ = Conv2d.from_nir(node, (c_in, *size))
    np.testing.assert_array_equal(synapse.fan_out(), x.grad[0].numpy())
