"""Numbers of a step from numbers of a file."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnvae.conventions import Conventions
from snnvae.primitives import IF, LIF, CubaLIF
from snnvae.primitives.parameters import as_meant

BETAS = np.arange(1, 64) / 64


@pytest.mark.parametrize("dt", [1e-4, 1e-3, 0.3e-3])
def test_decay_and_gain_are_those_that_the_file_was_made_from(dt: float) -> None:
    """τ = dt/(1 − β) and r = τ/dt: a step forgets 1 − β and adds its input once."""
    tau, zero = dt / (1 - BETAS), 0 * BETAS
    assert (dt / tau != 1 - BETAS).any()  # in the last bit, which as_meant mends
    conventions = Conventions(dt, initial="zero", if_gain="dt")
    neuron, gain = LIF.from_nir(nir.LIF(tau, tau / dt, zero, 1 + zero), conventions)
    assert neuron.dv.tolist() == (1 - BETAS).tolist()
    assert gain.tolist() == [1] * len(BETAS)
    node = nir.CubaLIF(tau, tau, tau / dt, zero, 1 + zero, w_in=tau / dt)
    assert CubaLIF.from_nir(node, conventions)[1].tolist() == [1] * len(BETAS)
    assert IF.from_nir(nir.IF(1 / dt + zero, 1 + zero), conventions)[1].tolist() == 1


def test_a_number_that_is_no_short_decimal_stays() -> None:
    values = np.array([1 / 3, np.pi, 1 + 1e-14, -0.1 - 1e-15, 1e-13])
    assert as_meant(values).tolist() == values.tolist()
    assert as_meant(np.array([0.1 + 2e-17, np.nextafter(1, 2), 0.0])).tolist() == [0.1, 1, 0]
