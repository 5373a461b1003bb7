"""The definition of one logical step after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnvae.hardware_sim.stepper import Stepper
from snnvae.program import Precision


def test_a_spike_crosses_all_layers_within_its_step(nets: Any) -> None:
    nodes = {"in": nets.source(1), **{name: nets.threshold(1) for name in "abc"}}
    nodes["out"] = nets.sink(1)
    stepper = Stepper(nets.compiled(nets.chain(nodes)), batch=2)
    out = stepper.step({"in": np.array([[True], [False]])}, {})
    assert [out[name].ravel().tolist() for name in "abc"] == [[True, False]] * 3


def test_a_delay_gives_back_what_was(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "late": nets.delay(1, steps=2),
        "a": nets.threshold(1),
        "out": nets.sink(1),
    }
    stepper = Stepper(nets.compiled(nets.chain(nodes), initial="v_leak"), batch=1)
    stream = [True, True, False, True, False, False]
    found = [stepper.step({"in": np.array([[s]])}, {})["a"].item() for s in stream]
    assert found == [False, False, True, True, False, True]


def test_reset_forgets_membranes_and_delays(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "late": nets.delay(1),
        "a": nets.lif(1, leak=0.3),
        "out": nets.sink(1),
    }
    stepper = Stepper(nets.compiled(nets.chain(nodes), initial="v_leak"), batch=1)
    stream = [np.array([[s]]) for s in (True, False, True, True)]

    def run() -> list[float]:
        stepper.reset()
        return [(stepper.step({"in": s}, {}), stepper.membranes["a"].item())[1] for s in stream]

    first = run()
    assert first == run()
    assert len(set(first)) > 1


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_sums_are_in_the_program_s_own_numbers(nets: Any, precision: Precision) -> None:
    program = nets.compiled(nets.small(), precision)
    stepper = Stepper(program, batch=2)
    stepper.step({"in": np.ones((2, 2, 4, 4), bool)}, {})
    kind = np.float64 if precision == "float" else np.int64
    for layer in program.layers:
        assert stepper.membranes[layer.name].dtype == kind
        assert stepper.currents[layer.name].dtype == kind
