"""The batched graph: one process with a batch axis, open to other Lava processes."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.deploy import lava
from snnvae.deploy.lava.importing import require_lava
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus

pytestmark = pytest.mark.filterwarnings("ignore:pandas not found:ImportWarning")


def test_ports_have_the_programs_names(make_program, make_stimulus):
    program = make_program("looped")
    graph = lava.build_network(program, make_stimulus(program))
    network = graph.network
    assert {n: p.shape for n, p in network.spikes_in.items()} == {
        "latent": (5, 6),
        "choice": (5, 8),
    }
    assert network.outputs["readout"].shape == (5, 3)
    assert network.membranes.keys() == network.outputs.keys()
    analog = make_program("analog")
    inputs = lava.build_network(analog, make_stimulus(analog)).network.currents_in
    assert {n: p.shape for n, p in inputs.items()} == {"conv": (5, 36)}


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_network_streams_batch_after_batch_into_other_processes(
    precision, make_program, make_stimulus
):
    """Made by hand, without our graph: two batches follow one another; the second starts afresh."""
    program = make_program("looped", precision)
    stimulus = make_stimulus(program, samples=4, steps=5)
    expected = reference.run(program, stimulus)
    require_lava()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io import sink, source

    from snnvae.deploy.lava.network import NetworkProcess

    network = NetworkProcess(program=program, interval=5, batch=2)
    for name, port in network.spikes_in.items():
        pairs = stimulus.streams[name].reshape(2, 2, 5, -1)
        stream = np.concatenate(list(pairs), axis=1)
        source.RingBuffer(data=np.moveaxis(stream, 1, -1)).s_out.connect(port)
    tap = sink.RingBuffer(shape=(2, 12), buffer=10)
    network.outputs["d"].connect(tap.a_in)
    tag = "floating_pt" if precision == "float" else "fixed_pt"
    try:
        network.run(RunSteps(num_steps=10), Loihi2SimCfg(select_tag=tag))
        spikes = tap.data.get()
    finally:
        network.stop()
    for first, batch in ((0, slice(0, 2)), (5, slice(2, 4))):
        ours = np.moveaxis(spikes[..., first : first + 5], -1, 1)
        np.testing.assert_array_equal(ours, expected.spikes["d"][batch])


def test_the_graph_can_be_run_by_hand(make_program, make_stimulus):
    program = make_program("convolutional")
    stimulus = make_stimulus(program)
    expected = reference.run(program, stimulus)
    graph = lava.build_network(program, stimulus)
    from lava.magma.core.run_conditions import RunSteps

    try:
        graph.network.run(RunSteps(num_steps=graph.total), graph.run_config)
        np.testing.assert_array_equal(graph.spikes("second"), expected.spikes["second"])
        np.testing.assert_array_equal(graph.final("readout"), expected.final["readout"])
    finally:
        graph.stop()


def test_another_mode_is_refused(make_program):
    from snnvae.errors import ConfigError

    program = make_program("analog")
    with pytest.raises(ConfigError, match="choose `mode` batched or stock"):
        lava.run(program, Stimulus({}, ()), mode="fast")
