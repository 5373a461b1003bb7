"""The bound of what rounded weights miss holds, and is not far from what happens."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.hardware_sim.fast import rounding
from snnvae.primitives import LIF, CubaLIF, Linear
from snnvae.program import Connection, Layer

STEPS, NEURONS, SOURCES = 24, 200, 60


def of(du: float | None, dv: float) -> tuple[Layer, Connection, np.ndarray]:
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((NEURONS, SOURCES))
    kind = LIF if du is None else CubaLIF
    decay = None if du is None else np.asarray(du)
    never = np.asarray(1e4)  # no reset, which would only forget errors
    neuron = kind(dv=np.asarray(dv), du=decay, threshold=never)
    layer = Layer("n", (NEURONS,), neuron, weight_grid=2.0**-45)
    connection = Connection("w", "in", "n", Linear((SOURCES,), (NEURONS,), weight))
    return layer, connection, rng.random((STEPS, SOURCES)) < 0.5


@pytest.mark.parametrize(("du", "dv"), [(None, 0.75), (None, 0.0), (0.3, 0.1), (1.0, 1.0)])
@pytest.mark.parametrize("bits", [6, 14, 30])
def test_membranes_stay_within_the_margin(du: float | None, dv: float, bits: int) -> None:
    layer, connection, spikes = of(du, dv)
    unit = rounding.unit_for(rounding.bound([connection]), bits)
    margins = rounding.margins(layer, [connection], unit, STEPS)
    exact = connection.synapse.weight
    rounded = rounding.integers(exact, unit, np.int32) * unit
    states = [layer.neuron.initial(1, layer.shape) for _ in range(2)]
    worst = 0.0
    for t in range(STEPS):
        for i, weight in enumerate((exact, rounded)):
            _, states[i] = layer.neuron.step(states[i], spikes[t] @ weight.T)
        off = np.abs(states[0][0] - states[1][0]).max()
        assert off <= margins[t]
        worst = max(worst, off / margins[t])
    assert worst > 0.02  # a bound fifty times too large would have everything computed again


def test_no_sum_leaves_its_bits() -> None:
    _, connection, _ = of(None, 0.5)
    for bits in (rounding.INT32_BITS, 12, 3):
        unit = rounding.unit_for(rounding.bound([connection]), bits)
        whole = np.abs(rounding.integers(connection.synapse.weight, unit, np.int64))
        assert whole.sum(axis=1).max() <= 2**bits + SOURCES / 2


def test_weights_on_the_unit_have_no_margin() -> None:
    layer, connection, _ = of(None, 0.5)
    quarters = np.rint(connection.synapse.weight * 4) / 4
    on_grid = Connection("w", "in", "n", connection.synapse.with_weight(quarters))
    assert not rounding.margins(layer, [on_grid], 2.0**-20, STEPS).any()
    assert not rounding.margins(layer, [connection], layer.weight_grid, STEPS).any()
