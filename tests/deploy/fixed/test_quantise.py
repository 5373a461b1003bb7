"""Fixed point: what is rounded, what stays exact, and what the report says about it."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnvae.deploy.compile import Compiled, compile_graph
from snnvae.deploy.fixed.quantise import CURRENT_LIMIT, LayerReport, notes_text
from snnvae.deploy.fixed.scales import HOST_CURRENT_LIMIT
from snnvae.errors import DataError, UnsupportedError
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.host import host_currents
from snnvae.options import Options
from snnvae.primitives import LIF, FixedNeuron
from snnvae.program import Program
from snnvae.stimulus import Stimulus


def dense(nets: Any, weight: Any, bias: Any = 0.0, **lif: Any) -> nir.NIRGraph:
    weight = np.atleast_2d(np.asarray(weight, float))
    nodes = {
        "in": nets.source(weight.shape[1]),
        "w": nets.affine(weight, bias),
        "lif": nets.lif(len(weight), **lif),
        "out": nets.sink(len(weight)),
    }
    return nets.chain(nodes)


def fixed(graph: nir.NIRGraph) -> tuple[Program, LayerReport]:
    compiled: Compiled = compile_graph(graph, "fixed", Options(saturate=True))
    return compiled.program, compiled.report[0]


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=8).filter(lambda w: max(map(abs, w)) > 1e-6),
    st.floats(0.01, 20),
)
def test_weights_are_even_and_in_range_and_the_threshold_is_exact(
    nets: Any, weights: list[float], threshold: float
) -> None:
    program, report = fixed(dense(nets, weights, threshold=threshold))
    (connection,), layer = program.connections, program.layers[0]
    whole = connection.synapse.weight
    assert whole.dtype == np.int64
    assert (whole % 2 == 0).all()
    assert whole.min() >= -256
    assert whole.max() <= 254
    assert isinstance(layer.neuron, FixedNeuron)
    assert layer.neuron.threshold.item() == report.threshold
    assert layer.scale * threshold == pytest.approx(report.threshold, rel=1e-12)
    exact = np.array(weights) * layer.scale
    inside = np.abs(exact) <= 254
    # Beyond 1 by what the float program's grid of weights moves a tie: 1e-9 at most.
    assert np.abs(whole[0] - exact)[inside].max(initial=0) <= 1 + 1e-9
    assert report.clipped == np.sum((exact > 255) | (exact < -257))


def test_the_scale_is_the_largest_that_holds_all_weights(nets: Any) -> None:
    """254 / 0.5 = 508, and 508 · 0.2 = 101.6 is lowered to 101."""
    program, report = fixed(dense(nets, [0.5, -0.25], threshold=0.2))
    assert report.threshold == 101
    assert program.layers[0].scale == pytest.approx(505)
    assert program.connections[0].synapse.weight.tolist() == [[252, -126]]


def test_one_scale_serves_all_weights_into_a_layer(nets: Any) -> None:
    nodes = {
        "a": nets.source(1),
        "b": nets.source(1),
        "wa": nets.affine([[2.0]]),
        "wb": nets.affine([[0.25]]),
        "lif": nets.lif(1, threshold=1.0),
        "out": nets.sink(1),
    }
    program, _ = fixed(nets.graph(nodes, "a wa lif out", "b wb lif"))
    assert {c.name: c.synapse.weight.item() for c in program.connections} == {"wa": 254, "wb": 32}


def test_a_small_threshold_clips_weights_and_says_so(nets: Any) -> None:
    """1 / 0.001 units per unit: the weight 2 would be 2000."""
    program, report = fixed(dense(nets, [2.0, -2.0, 0.1], threshold=0.001))
    assert report.threshold == 1
    assert report.clipped == 2
    assert program.connections[0].synapse.weight.tolist() == [[254, -256, 100]]
    assert "2 weights saturate" in report.notes[0]


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (lambda nets: dense(nets, [2.0, -2.0, 0.1], threshold=0.001), "2 weights saturate"),
        (lambda nets: dense(nets, np.eye(2), threshold=[1e-4, 1.0]), "1 threshold rounds to 0"),
        (lambda nets: dense(nets, [0.01], 50.0, threshold=0.001), "a bias saturates"),
    ],
    ids=["weights", "threshold", "bias"],
)
def test_what_does_not_fit_is_refused_unless_allowed(nets: Any, graph: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=f"cannot hold .*'lif': .*{said}.*`saturate`"):
        compile_graph(graph(nets), "fixed")
    assert said in " ".join(fixed(graph(nets))[1].notes)


def test_a_current_that_could_wrap_is_announced_and_only_that(nets: Any) -> None:
    def notes(n: int) -> tuple[str, ...]:
        return fixed(dense(nets, np.ones(n), threshold=100.0))[1].notes

    enough = CURRENT_LIMIT // 254 + 1
    assert notes(enough - 1) == ()
    (note,) = notes(enough)
    assert f"a current of up to {254 * enough} could wrap at {CURRENT_LIMIT}" in note


@pytest.mark.parametrize("n", [515, 517])
def test_the_announced_wrap_is_what_happens(nets: Any, n: int) -> None:
    program, report = fixed(dense(nets, np.ones(n), threshold=100.0))
    stimulus = Stimulus({"in": np.ones((1, 1, n), bool)}, (0,))
    saturated = reference.run(program, stimulus).info["saturated"]["lif"]
    assert bool(saturated) == bool(report.notes)


def test_errors_are_those_of_rounding(nets: Any) -> None:
    weight = np.array([[0.5, 0.3, -0.2]])
    program, report = fixed(dense(nets, weight, 0.0301, tau=3e-3, r=3.0, threshold=0.2))
    s = program.layers[0].scale
    error = program.connections[0].synapse.weight - weight * s
    rms = np.sqrt((error**2).mean() / ((weight * s) ** 2).mean())
    assert report.weight_error == pytest.approx(rms)
    assert report.threshold_error == pytest.approx(0, abs=1e-12)
    assert report.decay_error == pytest.approx(abs(round(4096 / 3) / 4096 - 1 / 3) * 3)
    bias = program.layers[0].neuron.bias
    assert report.bias_error == pytest.approx(abs(bias.value.item() / 64 / (0.0301 * s) - 1))
    assert report.bias_exponent == bias.exponent


def test_a_bias_that_is_too_large_is_announced(nets: Any) -> None:
    """The threshold 0.001 is at least one unit, which makes the bias 50,000 of them."""
    _, report = fixed(dense(nets, [0.01], 50.0, threshold=0.001))
    assert "a bias saturates" in " ".join(report.notes)


def test_the_scale_leaves_room_for_the_bias(nets: Any) -> None:
    """A saturated bias would shift the whole layer; the weights' precision is given up instead."""
    program, report = fixed(dense(nets, [0.01], 50.0, threshold=100.0))
    assert report.notes == ()
    assert report.bias_error < 0.01
    assert program.layers[0].scale == pytest.approx(163.8)  # 50 · 163.8 = 8190 = 4095 · 2⁷ / 64


def test_thresholds_of_their_own_are_rounded_each(nets: Any) -> None:
    program, report = fixed(dense(nets, np.eye(2), threshold=[0.5, 0.3003]))
    neuron = program.layers[0].neuron
    assert isinstance(neuron, FixedNeuron)
    assert neuron.threshold.tolist() == [127, 76]
    assert report.threshold_error == pytest.approx(1 - 76 / (0.3003 * 254), rel=1e-6)


def test_a_threshold_that_rounds_to_nothing_is_a_whole_error_and_noted(nets: Any) -> None:
    """However large the others are."""
    program, report = fixed(dense(nets, np.eye(2), threshold=[1e-4, 1.0]))
    assert program.layers[0].neuron.threshold.tolist() == [0, 254]  # type: ignore[attr-defined]
    assert report.threshold_error == 1
    assert report.notes == ("1 threshold rounds to 0",)


def test_a_small_bias_is_judged_by_its_own_size(nets: Any) -> None:
    program, report = fixed(dense(nets, np.eye(3), [50.0, 0.01, 0.0], threshold=100.0))
    got = program.layers[0].neuron.bias.value / 64  # type: ignore[attr-defined]
    wanted = np.array([50.0, 0.01]) * report.scale
    assert got[2] == 0
    assert report.bias_error == pytest.approx((np.abs(got[:2] - wanted) / wanted).max())
    assert report.bias_error > 0.01
    assert report.notes == ()


@pytest.mark.parametrize("small", [1, 2, 20])
def test_weights_that_round_to_nothing_are_noted_where_they_matter(nets: Any, small: int) -> None:
    """One in ten may be lost without a word; weights that are 0 anyway do not count."""
    weights = np.concatenate([np.ones(20 - small), np.full(small, 1e-6), np.zeros(100)])
    _, report = fixed(dense(nets, weights[None], 0.1, threshold=500.0))
    lost = f"{small} of 20 weights round to 0"
    assert report.notes == ((lost,) if small > 2 else ())


def test_the_notes_of_a_program_are_one_line(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "wa": nets.affine(np.eye(2)),
        "a": nets.lif(2, threshold=[1e-4, 1.0]),
        "wb": nets.affine(np.eye(2)),
        "b": nets.lif(2),
        "wc": nets.affine(2 * np.eye(2)),
        "c": nets.lif(2, threshold=0.001),
        "out": nets.sink(2),
    }
    report = compile_graph(nets.chain(nodes), "fixed", Options(saturate=True)).report
    assert notes_text(report) == (
        "'a': 1 threshold rounds to 0; "
        "'c': 2 weights saturate at 8 bits: the threshold is small beside them"
    )
    assert notes_text(()) == ""


@pytest.mark.parametrize("weight", [0.0, 1e-12])
def test_a_layer_without_weights_to_speak_of_still_compiles(nets: Any, weight: float) -> None:
    program, _ = fixed(dense(nets, [weight], 0.6))
    stimulus = Stimulus({"in": np.zeros((1, 4, 1), bool)}, (0,))
    spikes = reference.run(program, stimulus).spikes["lif"]
    assert spikes.ravel().tolist() == [False, False, True, False]


@pytest.mark.parametrize("at", [0.0, -0.5])
def test_a_threshold_of_nothing(nets: Any, at: float) -> None:
    """0 is a threshold like any other; below 0 Loihi has none."""
    nodes = {"in": nets.source(1), "a": nets.threshold(1, at=at), "out": nets.sink(1)}
    if at < 0:
        with pytest.raises(UnsupportedError, match="'a' has a threshold below 0"):
            fixed(nets.chain(nodes))
        return
    program, report = fixed(nets.chain(nodes))
    assert report.threshold == 0
    stimulus = Stimulus({"in": np.array([[[True], [False]]])}, (0,))
    assert reference.run(program, stimulus).spikes["a"].ravel().tolist() == [True, False]


def readout(nets: Any, weight: np.ndarray, bias: Any, tau: float, r: float = 1.0) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(weight.shape[1]),
        "w": nets.affine(weight, bias),
        "v": nets.li(len(weight), tau=tau, r=r),
        "out": nets.sink(len(weight)),
    }
    return nets.chain(nodes)


@given(
    st.integers(1, 300),
    st.floats(1e-3, 0.3),
    st.floats(-2, 2),
    st.floats(-1, 1),
    st.integers(0, 1 << 16),
)
@settings(max_examples=40)  # each goes through up to 6,000 steps, twice
def test_no_input_drives_a_readout_to_its_threshold(
    nets: Any, n: int, tau: float, mean: float, bias: float, seed: int
) -> None:
    """On Loihi a readout is a LIF with the largest threshold; it must never fire."""
    weight = np.random.default_rng(seed).normal(mean, 1, (2, n))
    program, _ = fixed(readout(nets, weight, bias, tau))
    whole = program.connections[0].synapse.weight
    neuron = program.layers[0].neuron
    assert isinstance(neuron, FixedNeuron)
    for sign in (1, -1):
        worst = np.where(sign * whole > 0, whole, 0).sum(1)
        state = neuron.initial(1, (2,))
        for _ in range(int(20 * tau / nets.dt) + 20):
            assert not neuron.saturates(state, worst[None]).any()
            state = neuron.step(state, worst[None])[1]
        assert np.abs(state[0]).max() <= (2**17 - 1) << 6


def test_a_readout_without_decay_fits_the_steps_of_a_sample(nets: Any) -> None:
    """A LI with an endless tau is an integrator: 16 steps of the largest current, no more."""
    endless = 1e9
    graph = readout(nets, np.array([[0.7, -0.1]]), 0.0, endless, endless / nets.dt)
    program, report = fixed(graph)
    assert program.connections[0].synapse.weight.tolist() == [[254, -36]]
    assert "fits the 16 steps of a sample only" in " ".join(report.notes)


def test_a_readout_uses_the_room_that_it_has(nets: Any) -> None:
    """A single weight is not cut down without need."""
    program, _ = fixed(readout(nets, np.array([[0.7]]), 0.0, 5e-3, 5.0))
    assert program.connections[0].synapse.weight.item() == 254


def analog(nets: Any, weight: Any, bias: float, **rule: Any) -> nir.NIRGraph:
    graph = dense(nets, weight, bias, threshold=0.2)
    graph.metadata["snnvae"]["inputs"] = {"in": {"analog": True, **rule}}
    return graph


def test_host_currents_are_whole_and_fit_16_bits_at_the_worst_input(nets: Any) -> None:
    weight = np.array([[3.0, -5.0], [0.1, 0.2]])
    program, _ = fixed(analog(nets, weight, 0.5, low=-1.0, high=2.0))
    corners = np.array([[[a, b]] for a in (-1.0, 2.0) for b in (-1.0, 2.0)])
    stimulus = Stimulus({"in": corners}, tuple(range(4)))
    (current,) = host_currents(program, stimulus).values()
    assert current.dtype == np.int64
    assert np.abs(current).max() <= HOST_CURRENT_LIMIT
    exact = (corners @ weight.T + 0.5) * program.layers[0].scale
    np.testing.assert_array_equal(current, np.rint(exact))
    # 3·2 + 5·1 + 0.5 = 11.5 is the largest: the scale leaves it just inside.
    assert np.abs(current).max() > 0.99 * HOST_CURRENT_LIMIT


def test_rounding_barely_changes_what_fires(nets: Any) -> None:
    graph = nets.small()
    exact, whole = nets.compiled(graph), nets.compiled(graph, "fixed")
    stimulus = nets.spikes(exact, samples=8)
    one, other = reference.run(exact, stimulus), reference.run(whole, stimulus)
    for name in ("first", "second"):
        assert one.spikes[name].mean() > 0.02
        assert (one.spikes[name] != other.spikes[name]).mean() < 0.02
    assert np.abs(one.outputs["out"] - other.outputs["out"]).mean() < 0.03


def test_the_float_program_is_left_alone(nets: Any) -> None:
    program = nets.compiled(nets.small())
    digest = program.digest()
    nets.compiled(nets.small(), "fixed")
    assert program.digest() == digest
    assert all(isinstance(layer.neuron, LIF) for layer in program.layers[:2])


@pytest.mark.parametrize("weight", [0.2, 1.0, 20.0])
@pytest.mark.parametrize("kind", ["li", "cuba_li", "two"])
def test_a_layer_fed_by_membranes_fires_as_in_float(nets: Any, kind: str, weight: float) -> None:
    """Graded currents are large; they must not wrap, and keep their precision."""
    one = np.ones(3)
    cuba = nir.CubaLI(tau_syn=3e-3 * one, tau_mem=5e-3 * one, r=one, v_leak=0 * one, w_in=3 * one)
    nodes = {
        "in": nets.source(3),
        "to": nets.affine(0.8 * np.eye(3)),
        "v": cuba if kind == "cuba_li" else nets.li(3, tau=5e-3, r=2.0),
        "w": nets.affine(weight * np.eye(3)),
    }
    if kind == "two":
        nodes |= {"u": nets.li(3, tau=4e-3, r=1.0), "x": nets.affine(np.eye(3))}
    nodes |= {"a": nets.lif(3, tau=8e-3, r=1.0, threshold=0.137 * weight), "out": nets.sink(3)}
    exact, whole = nets.compiled(nets.chain(nodes)), nets.compiled(nets.chain(nodes), "fixed")
    stimulus = nets.spikes(exact, samples=6, steps=60)
    one_run, other = reference.run(exact, stimulus), reference.run(whole, stimulus)
    count = one_run.spikes["a"].sum()
    assert count > 20
    # Weights of 8 even bits are up to 0.8 % off, which moves a spike by a step now and then.
    assert other.spikes["a"].sum() == pytest.approx(count, rel=0.02)
    assert other.info["saturated"]["a"] == 0


def test_a_readout_that_forgets_nothing_is_for_the_steps_it_was_compiled_for(nets: Any) -> None:
    node = nir.I(np.full(1, 1.0))
    nodes = {"in": nets.source(1), "w": nets.affine([[1.0]]), "v": node, "out": nets.sink(1)}
    graph = nets.chain(nodes, if_gain="one")
    long = Stimulus({"in": np.ones((1, 2000, 1), bool)}, (0,))
    with pytest.raises(DataError, match=r"'v' forgets nothing.*`steps` 2000"):
        reference.run(nets.compiled(graph, "fixed"), long)
    fitting = reference.run(nets.compiled(graph, "fixed", steps=2000), long)
    assert fitting.outputs["out"].item() == pytest.approx(2000, rel=0.02)  # a weight of 64 or 66


def test_taps_that_touch_nothing_do_not_count(nets: Any) -> None:
    """A 3×3 kernel on a 1×1 map: only its middle is a synapse."""
    weight = np.arange(1.0, 10.0).reshape(1, 1, 3, 3) / 5
    nodes = {
        "in": nets.source(1, 1, 1),
        "w": nir.Conv2d(None, weight, 1, 1, 1, 1, np.zeros(1)),
        "a": nets.lif(1, 1, 1, threshold=0.4),
        "out": nets.sink(1, 1, 1),
    }
    program, report = fixed(nets.chain(nodes))
    assert report.clipped == 0
    assert np.count_nonzero(program.connections[0].synapse.weight) == 1
    assert report.weight_error < 0.01
