"""The stock graph: Lava's own processes, to be extended by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnvae.deploy import lava
from snnvae.deploy.lava.importing import require_lava
from snnvae.errors import UnsupportedError
from snnvae.hardware_sim import reference

pytestmark = pytest.mark.filterwarnings("ignore:pandas not found:ImportWarning")


def test_processes_are_lavas_own(make_program, make_stimulus):
    program = make_program("convolutional")
    graph = lava.build_stock(program, make_stimulus(program))
    modules = {type(process).__module__ for process in graph.processes()}
    assert modules == {
        "lava.proc.lif.process",
        "lava.proc.sparse.process",
        "lava.proc.io.source",
        "lava.proc.io.sink",
    }
    assert graph.layers.keys() == {"first", "second", "readout"}
    assert graph.synapses.keys() == {"conv", "up", "weights"}
    assert graph.total == 5 * 6 + 3


def test_only_a_loop_is_a_process_of_ours(make_program, make_stimulus):
    program = make_program("looped")
    graph = lava.build_stock(program, make_stimulus(program))
    ours = {p for p in graph.processes() if not type(p).__module__.startswith("lava.")}
    assert ours == {graph.layers["hidden"]}
    assert graph.layers["z"] is graph.layers["hidden"]


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_graph_can_be_extended_and_run_by_hand(precision, make_program, make_stimulus):
    """A population of Lava's behind one of ours counts its spikes."""
    program = make_program("convolutional", precision)
    stimulus = make_stimulus(program)
    expected = reference.run(program, stimulus)
    graph = lava.build_stock(program, stimulus)
    from lava.magma.core.run_conditions import RunSteps
    from lava.proc.dense.process import Dense
    from lava.proc.io import sink
    from lava.proc.lif.process import LIF

    dense = Dense(weights=np.full((1, 36), 2))
    counter = LIF(shape=(1,), du=4095 if precision == "fixed" else 1, dv=0, vth=100_000)
    graph.outputs["first"].connect(dense.s_in)
    dense.a_out.connect(counter.a_in)
    membrane = sink.Read(buffer=graph.total)
    membrane.connect_var(counter.v)
    try:
        counter.run(RunSteps(num_steps=graph.total), graph.run_config)
        np.testing.assert_array_equal(graph.spikes("second"), expected.spikes["second"])
        np.testing.assert_allclose(
            graph.final("readout"), expected.final["readout"], rtol=1e-12, atol=1e-12
        )
        counted = membrane.data.get()[0] / (128 if precision == "fixed" else 2)
    finally:
        graph.stop()
    # `first` stands at depth 1 and the Dense adds a step; it computes nothing real before step 2.
    per_step = expected.spikes["first"].reshape(30, -1).sum(axis=1)
    np.testing.assert_array_equal(np.diff(counted[1:32]), per_step)


def test_building_leaves_the_users_logging_alone(make_program, make_stimulus):
    import logging

    before = list(logging.getLogger().handlers)
    program = make_program("analog")
    lava.build_stock(program, make_stimulus(program))
    assert logging.getLogger().handlers == before


def subtracting(program):
    return replace(program.layers[0], neuron=replace(program.layers[0].neuron, reset="subtract"))


def test_a_layer_that_no_stock_process_can_be_is_named(make_program, make_stimulus):
    program = make_program("convolutional")
    program = replace(program, layers=(subtracting(program), *program.layers[1:]))
    with pytest.raises(
        UnsupportedError, match=r"^layer 'first' resets by subtraction.*; use `mode` batched$"
    ):
        lava.run(program, make_stimulus(program), mode="stock")
    expected = reference.run(program, make_stimulus(program))
    recording = lava.run(program, make_stimulus(program))
    np.testing.assert_array_equal(recording.spikes["first"], expected.spikes["first"])


def test_a_loop_as_a_program_of_its_own(make_program):
    require_lava()
    from snnvae.deploy.lava.stock import loop_program

    program = make_program("looped")
    loop = loop_program(program, program.groups[0])
    assert [layer.name for layer in loop.layers] == ["hidden", "p", "select", "z"]
    assert {i.name: i.shape for i in loop.inputs} == {"x": (6,), "choice": (8,)}
    assert {c.name for c in loop.connections} == {"mix", "recur", "propose", "merge"} | {
        c.name for c in program.into("select")
    }
