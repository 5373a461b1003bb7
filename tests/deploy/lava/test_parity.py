"""Both Lava modes compute what the reference computes: spike for spike, membrane for membrane."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnvae.deploy import lava, timing
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus

NETWORKS = ["convolutional", "analog", "looped"]


def assert_equal(recording, expected, precision):
    assert recording.spikes.keys() == expected.spikes.keys()
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(recording.spikes[name], spikes, err_msg=name)
    for part in ("final", "membranes", "outputs"):
        ours, theirs = getattr(recording, part), getattr(expected, part)
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            if precision == "fixed":
                np.testing.assert_array_equal(ours[name], values, err_msg=f"{part} {name}")
            else:
                np.testing.assert_allclose(ours[name], values, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["batched", "stock"])
@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("network", NETWORKS)
def test_lava_equals_the_reference(network, precision, mode, make_program, make_stimulus):
    program = make_program(network, precision)
    stimulus = make_stimulus(program)
    expected = reference.run(program, stimulus, membranes=True)
    assert all(0 < spikes.mean() < 1 for spikes in expected.spikes.values())
    recording = lava.run(program, stimulus, mode=mode, membranes=True)
    assert_equal(recording, expected, precision)
    assert recording.info["latency"] == (timing.schedule(program).latency if mode == "stock" else 0)
    assert (recording.info["backend"], recording.info["mode"]) == ("lava", mode)
    assert recording.info["program"] == expected.info["program"]


def test_membranes_are_recorded_only_where_asked_for(make_program, make_stimulus):
    program = make_program("analog")
    stimulus = make_stimulus(program)
    recording = lava.run(program, stimulus, mode="stock")
    assert recording.membranes == {}
    assert_equal(recording, reference.run(program, stimulus), "fixed")


@pytest.mark.parametrize("network", ["convolutional", "looped"])
def test_a_sample_leaves_nothing_to_the_next(network, make_program, make_stimulus):
    """A silent sample after a loud one, without a gap: it must be as it is alone."""
    program = make_program(network)
    loud = make_stimulus(program, samples=1, seed=3)
    streams = {n: np.concatenate([s | True, s & False]) for n, s in loud.streams.items()}
    stimulus = Stimulus(streams, (0, 1))
    alone = reference.run(program, stimulus.select(slice(1, 2)))
    joined = {n: s.reshape(1, 12, *s.shape[2:]) for n, s in streams.items()}
    without_reset = reference.run(program, Stimulus(joined, (0,)))
    different = without_reset.final["readout"] != alone.final["readout"]
    assert different.any(), "the loud sample leaves nothing behind, so this test could not fail"
    layers = [layer.name for layer in program.layers if layer.neuron.spiking]
    recording = lava.run(program, stimulus, mode="stock")
    for name in layers:
        np.testing.assert_array_equal(recording.spikes[name][1], alone.spikes[name][0])
    np.testing.assert_array_equal(recording.final["readout"][1], alone.final["readout"][0])


def test_parts_that_are_not_connected_run_side_by_side(make_program, make_stimulus):
    """Two networks in one graph, of different depth: Lava alone would run only one of them."""
    ones = np.ones(3)
    neuron = nir.LIF(1e-3 * ones, ones, 0 * ones, 0.5 * ones, v_reset=0 * ones)
    weights = nir.Affine(np.eye(3), np.full(3, 0.1))
    nodes = {
        **{name: nir.Input(np.array([3])) for name in ("in a", "in b")},
        **dict.fromkeys(("to a", "to b", "to c"), weights),
        **dict.fromkeys(("a", "b", "c"), neuron),
        **{name: nir.Output(np.array([3])) for name in ("out a", "out b")},
    }
    edges = [("in a", "to a"), ("to a", "a"), ("a", "out a"), ("in b", "to b"), ("to b", "b")]
    edges += [("b", "to c"), ("to c", "c"), ("c", "out b")]
    program = make_program(nir.NIRGraph(nodes, edges), "float")
    assert dict(timing.schedule(program).depths) == {"a": 1, "b": 1, "c": 2}
    stimulus = make_stimulus(program, samples=2, steps=3)
    recording = lava.run(program, stimulus, mode="stock")
    assert_equal(recording, reference.run(program, stimulus), "float")


def test_a_loop_may_be_fed_by_a_layer_that_comes_after_its_first(make_program, make_stimulus):
    """a → b → a, each a step late, so that one logical step may run a, x, b; x feeds b at once."""
    ones = np.ones(3)
    neuron = nir.LIF(2e-3 * ones, 2 * ones, 0 * ones, 0.5 * ones, v_reset=0 * ones)
    nodes = {
        "in": nir.Input(np.array([3])),
        **dict.fromkeys(("a", "x", "b"), neuron),
        **{name: nir.Affine(np.eye(3), np.full(3, 0.1)) for name in ("to a", "to x", "to b")},
        **{name: nir.Linear(0.7 * np.eye(3)) for name in ("there", "back")},
        **{name: nir.Delay(np.full(3, 1e-3)) for name in ("late", "later")},
        "out": nir.Output(np.array([3])),
    }
    edges = [("in", "to x"), ("to x", "x"), ("x", "to b"), ("to b", "b"), ("in", "to a")]
    edges += [("to a", "a"), ("a", "late"), ("late", "there"), ("there", "b")]
    edges += [("b", "later"), ("later", "back"), ("back", "a"), ("b", "out")]
    program = make_program(nir.NIRGraph(nodes, edges), "float")
    assert [layer.name for layer in program.layers] == ["a", "x", "b"]
    assert timing.units(program) == [("a", "b"), ("x",)]
    stimulus = make_stimulus(program)
    recording = lava.run(program, stimulus, mode="stock")
    assert_equal(recording, reference.run(program, stimulus), "float")


def test_progress_counts_hardware_steps(make_program, make_stimulus):
    events = []

    class Log:
        def start(self, name, total):
            events.append((name, total))

        def advance(self, n=1, **fields):
            events.append(n)

        def finish(self):
            events.append("end")

    program = make_program("analog")
    lava.run(program, make_stimulus(program, samples=3, steps=4), mode="stock", progress=Log())
    (start, *advances, end) = events
    assert start == ("lava stock", 3 * 4 + 2)
    assert sum(advances) == 14
    assert end == "end"
