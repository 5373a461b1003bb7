"""What the host computes before and after the chip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.hardware_sim.host import host_currents, readout
from snnvae.program import Program
from snnvae.stimulus import Stimulus

WEIGHT = np.array([[0.5, -1.5], [2.0, 0.25]])


def program(nets: Any, precision: str = "float", **rule: Any) -> Program:
    nodes = {
        "x": nets.source(2),
        "w": nets.affine(WEIGHT, 0.125),
        "lif": nets.lif(2, r=4.0),  # gain 2
        "u": nets.affine(np.eye(2)),
        "v": nets.li(2),
        "out": nets.sink(2),
    }
    inputs = {"x": {"analog": True, **rule}}
    readouts = {"out": {"tanh": True, "shape": np.array([1, 2])}}
    return nets.compiled(nets.chain(nodes, inputs=inputs, readouts=readouts), precision)


def test_currents_are_weights_times_values_plus_bias_times_the_gain(nets: Any) -> None:
    stream = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    currents = host_currents(program(nets), Stimulus({"x": stream}, (0, 1, 2)))
    assert list(currents) == ["w"]
    np.testing.assert_allclose(currents["w"], 2 * (stream @ WEIGHT.T + 0.125))


def test_fixed_currents_are_rounded_once(nets: Any) -> None:
    fixed = program(nets, "fixed")
    stream = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    currents = host_currents(fixed, Stimulus({"x": stream}, (0, 1, 2)))["w"]
    exact = 2 * (stream @ WEIGHT.T + 0.125) * fixed.layer("lif").scale
    assert currents.dtype == np.int64
    np.testing.assert_array_equal(currents, np.rint(exact))


def test_a_constant_input_is_computed_once(nets: Any) -> None:
    stream = np.repeat(np.random.default_rng(0).uniform(-1, 1, (3, 1, 2)), 6, axis=1)
    stimulus = Stimulus({"x": stream}, (0, 1, 2))
    once = host_currents(program(nets, constant=True), stimulus)["w"]
    assert once.strides[1] == 0  # one value, seen at every step
    np.testing.assert_array_equal(once, host_currents(program(nets), stimulus)["w"])


@pytest.mark.parametrize("batch", [1, 3])
def test_a_sample_s_current_does_not_depend_on_its_batch(nets: Any, batch: int) -> None:
    stream = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    all_three = host_currents(program(nets), Stimulus({"x": stream}, (0, 1, 2)))["w"]
    some = host_currents(program(nets), Stimulus({"x": stream[:batch]}, tuple(range(batch))))["w"]
    np.testing.assert_array_equal(some, all_three[:batch])


def test_the_readout_is_in_real_units_through_its_rule(nets: Any) -> None:
    membrane = np.array([[0.5, -1.0]])
    (value,) = readout(program(nets), {"v": membrane}).values()
    assert value.shape == (1, 1, 2)
    np.testing.assert_allclose(value[0, 0], np.tanh([0.5, -1.0]))
    fixed = program(nets, "fixed")
    whole = np.rint(membrane * fixed.layer("v").scale * 64).astype(np.int64)
    (again,) = readout(fixed, {"v": whole}).values()
    np.testing.assert_allclose(again, value, atol=1e-3)


def test_layers_that_spike_have_no_readout(nets: Any) -> None:
    assert readout(program(nets), {}) == {}


@pytest.mark.parametrize(
    ("precision", "value"), [("float", 1e308), ("fixed", 1e30), ("fixed", 1e308)]
)
def test_currents_that_no_number_holds_are_named(nets: Any, precision: str, value: float) -> None:
    """Warnings are errors here: nothing is left to say for NumPy."""
    stimulus = Stimulus({"x": np.full((1, 2, 2), value)}, (0,))
    with pytest.raises(DataError, match="input 'x' drives 'lif' with currents beyond any number"):
        host_currents(program(nets, precision), stimulus)
