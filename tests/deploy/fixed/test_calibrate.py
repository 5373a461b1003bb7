"""Scales from a stimulus."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.calibrate import FINER, HEADROOM, Observed, calibrate, measure
from snnvae.errors import ConfigError
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.primitives import fixed_point
from snnvae.program import Program
from snnvae.stimulus import Stimulus


def fixed(graph: nir.NIRGraph, scales: Any, **options: Any) -> Program:
    return compile_graph(graph, "fixed", Options(scales=scales, saturate=True, **options)).program


def readout(nets: Any, n: int = 2000) -> nir.NIRGraph:
    """Many weights into one readout, of which a spike train drives few at a time."""
    weight = np.random.default_rng(0).normal(0, 1, (2, n))
    nodes = {"in": nets.source(n), "w": nets.affine(weight), "v": nets.li(2, tau=0.02, r=20.0)}
    return nets.chain({**nodes, "out": nets.sink(2)}, steps=20)


def sparse_spikes(program: Program, seed: int = 0) -> Stimulus:
    rng = np.random.default_rng(seed)
    shape = (4, 20, *program.inputs[0].shape)
    return Stimulus({program.inputs[0].name: rng.random(shape) < 0.05}, tuple(range(4)))


def test_a_readout_gets_the_range_that_its_membrane_uses(nets: Any) -> None:
    graph = readout(nets)
    program = nets.compiled(graph)
    stimulus = sparse_spikes(program)
    worst = nets.compiled(graph, "fixed")
    found = fixed(graph, calibrate(program, stimulus, "max"))
    assert found.layer("v").scale > 2 * worst.layer("v").scale
    (before,), (after,) = (measure(program, p, stimulus) for p in (worst, found))
    assert before.range_use < after.range_use <= 1.01 / HEADROOM
    assert after.saturated == 0
    assert after.membrane_error < before.membrane_error


def test_the_largest_that_occurred_gets_a_quarter_more(nets: Any) -> None:
    """docs/numerics.md. A membrane of 8: one input always fires, nothing leaks."""
    nodes = {"in": nets.source(1), "w": nets.affine([[1.0]]), "v": nir.I(np.ones(1))}
    program = nets.compiled(nets.chain({**nodes, "out": nets.sink(1)}, steps=8, if_gain="one"))
    stimulus = Stimulus({"in": np.ones((1, 8, 1), bool)}, (0,))
    recording = reference.run(program, stimulus, membranes=True)
    observed = Observed(program, recording, stimulus, 100.0)
    assert observed.membranes(program.layer("v")).tolist() == [1.25 * 8]


def outlier(nets: Any) -> nir.NIRGraph:
    """One weight ten times the others, from an input that hardly fires."""
    weight = np.random.default_rng(1).uniform(0.02, 0.06, (3, 4000))
    weight[:, 0] = 0.6
    nodes = {"in": nets.source(4000), "w": nets.affine(weight), "a": nets.lif(3, threshold=20.0)}
    return nets.chain({**nodes, "out": nets.sink(3)}, steps=20)


@pytest.mark.parametrize("method", ["percentile", "mse"])
def test_an_outlier_is_clipped_where_that_errs_less(nets: Any, method: str) -> None:
    graph = outlier(nets)
    program = nets.compiled(graph)
    stimulus = sparse_spikes(program)
    stimulus.streams["in"][..., 0] = False
    scales = calibrate(program, stimulus, method)
    largest = calibrate(program, stimulus, "max")
    assert scales["a"] > 2 * largest["a"]
    assert (np.abs(fixed(graph, scales).connections[0].synapse.weight) >= 254).any()


def test_mse_keeps_a_weight_that_matters(nets: Any) -> None:
    """The same outlier, but its input fires all the time."""
    graph = outlier(nets)
    program = nets.compiled(graph)
    stimulus = sparse_spikes(program)
    stimulus.streams["in"][..., 0] = True
    scales, largest = (calibrate(program, stimulus, m) for m in ("mse", "max"))
    assert scales["a"] == pytest.approx(largest["a"], rel=0.2)


@pytest.mark.parametrize("even", [True, False])
def test_mse_errs_least_where_membranes_are_sent(nets: Any, even: bool) -> None:
    """Graded spikes: an integer weight W counts as W / scale · (scale of the source) / 2^shift."""
    weight = np.full((3, 40), 0.05) if even else outlier(nets).nodes["w"].weight[:, :40]
    nodes = {
        "in": nets.source(40),
        "m": nets.li(40),
        "w": nets.affine(weight),
        "a": nets.lif(3, threshold=20.0),
        "out": nets.sink(3),
    }
    graph = nets.chain(nodes, steps=20)
    program = nets.compiled(graph)
    stimulus = nets.spikes(program, samples=4, steps=20)
    stimulus.streams["in"][..., 0] = even
    sent = reference.run(program, stimulus, membranes=True).membranes["m"].reshape(-1, 40)
    largest = calibrate(program, stimulus, "max")

    def error(factor: float) -> float:
        tried = fixed(graph, {**largest, "a": largest["a"] * factor})
        c = next(c for c in tried.connections if c.target == "a")
        unit = tried.layer("m").scale / tried.layer("a").scale / 2.0**c.shift
        return float(np.mean((sent @ (unit * c.synapse.weight - weight).T) ** 2))

    errors = [error(factor) for factor in FINER[:6]]
    least = FINER[int(np.argmin(errors))]
    assert 1 < least < FINER[5]
    assert calibrate(program, stimulus, "mse")["a"] == pytest.approx(largest["a"] * least, rel=1e-2)


def test_a_stimulus_of_which_nothing_fires_changes_nothing(nets: Any) -> None:
    program = nets.compiled(nets.small())
    stimulus = nets.spikes(program)
    stimulus.streams["in"][...] = 0
    assert calibrate(program, stimulus, "mse") == calibrate(program, stimulus, "max")


def test_thresholds_stay_whole_and_the_error_never_grows(nets: Any) -> None:
    graph = nets.small()
    program = nets.compiled(graph)
    stimulus = nets.spikes(program, samples=4)
    found = fixed(graph, calibrate(program, stimulus, "mse"))
    for name in ("first", "second"):
        layer = found.layer(name)
        exact = program.layer(name).neuron.threshold  # type: ignore[attr-defined]
        assert layer.scale * exact == pytest.approx(round(float(layer.scale * exact)), rel=1e-12)


def test_scales_per_channel_are_given_per_channel(nets: Any) -> None:
    graph = nets.small()
    program = nets.compiled(graph, scale_per="channel")
    scales = calibrate(program, nets.spikes(program), "max")
    assert len(scales["first"]) == 3
    found = fixed(graph, scales, scale_per="channel")
    assert np.unique(found.layer("first").scale).size == 3
    weight = np.abs(found.connections[0].synapse.weight).reshape(3, -1).max(axis=1)
    assert (weight >= fixed_point.WEIGHT_MAX - 40).all()


def test_what_is_measured_is_what_happens(nets: Any) -> None:
    """Scales far too large saturate weights and, in the readout, membranes."""
    graph = nets.small()
    program = nets.compiled(graph)
    stimulus = nets.spikes(program)
    rows = measure(program, fixed(graph, {"readout": 1e5}), stimulus)
    readout_row = next(row for row in rows if row.layer == "readout")
    assert readout_row.membrane_error > 0.5
    assert readout_row.differing is None


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"nobody": 1.0}, "a scale is given for 'nobody'"),
        ({"first": -1.0}, "positive number"),
        ({"first": [1.0, 2.0]}, "one for each of 3 channels"),
    ],
)
def test_scales_that_make_no_sense_are_refused(nets: Any, scales: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fixed(nets.small(), scales)


def test_another_method_is_refused(nets: Any) -> None:
    program = nets.compiled(nets.small())
    with pytest.raises(ConfigError, match="calibration 'best': choose max, percentile, mse"):
        calibrate(program, nets.spikes(program), "best")
