"""Every kernel computes the sums of the primitive's own definition."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.hardware_sim.kernels import csr_map
from snnvae.primitives import Conv2d, ConvTranspose2d, Linear
from snnvae.program import Connection

RNG = np.random.default_rng(0)
KERNEL = RNG.integers(-127, 128, (6, 2, 3, 2)) * 2
SYNAPSES = {
    "linear": Linear((5,), (3, 2), RNG.integers(-100, 100, (6, 5))),
    "convolution": Conv2d((4, 7, 6), (6, 4, 7), KERNEL, (2, 1), (1, 1), (1, 1), 2),
    "transposed": ConvTranspose2d((4, 3, 3), (6, 6, 4), KERNEL, (2, 1), (0, 0), (1, 1), 2),
}


@pytest.mark.parametrize("number", [np.int64, np.float64])
@pytest.mark.parametrize("name", SYNAPSES)
def test_csr_kernel_equals_the_definition(name, number):
    synapse = SYNAPSES[name].with_weight(SYNAPSES[name].weight.astype(number))
    x = (RNG.random((4, *synapse.in_shape)) < 0.5).astype(number)
    sums = csr_map(Connection("w", "a", "b", synapse))(x)
    assert sums.dtype == number
    assert sums.shape == (4, *synapse.out_shape)
    np.testing.assert_array_equal(sums, synapse.apply(x))
