"""Fine-tuning: the loss falls, and 8 bits get back what rounding lost."""

from __future__ import annotations

import copy
from dataclasses import replace

import nir
import numpy as np
import pytest
from small_graphs import (
    NETS,
    OPTIONS,
    STEPS,
    affine,
    chain,
    lif,
    membranes_sent_on,
    readout,
)

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.errors import ConfigError
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.options import Options
from snnvae.program import Precision
from snnvae.train.network.fine_tune import Course, FineTuning, Lesson


def lesson_of(net: nir.NIRGraph, kind: str, count: int = 32) -> Lesson:
    """Spikes whose rate tells the class, or the value."""
    rng = np.random.default_rng(0)
    shape = tuple(net.nodes["input"].input_type["input"])
    outputs = int(np.prod(net.nodes["output"].output_type["output"]))
    classes = np.arange(count) % 2
    rate = np.where(classes, 0.2, 0.7).reshape(-1, 1, *(1,) * len(shape))
    data = {"input": rng.random((count, STEPS, *shape)) < rate}
    values = np.tile(classes[:, None] * 0.5, outputs)
    answers = classes if kind in ("count", "max") else values
    return Lesson(data, answers, STEPS, "output", kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", [pytest.param("float", marks=pytest.mark.thorough), "fixed"])
@pytest.mark.parametrize("net", NETS)
def test_the_loss_falls(net: object, precision: Precision) -> None:
    graph = net()  # type: ignore[operator]
    spikes = compile_graph(graph, "float", OPTIONS).program.layers[-1].neuron.spiking
    lesson = lesson_of(graph, "count" if spikes else "max")
    tuning = FineTuning(graph, lesson, Course(8, 2e-2, 16), precision, OPTIONS)
    first, *_, last = tuning.epochs()
    assert last["loss"] < 0.8 * first["loss"]


@pytest.mark.parametrize(("kind", "last"), [("rate", lif), ("mean", readout), ("last", readout)])
def test_values_are_learnt(kind: str, last: type) -> None:
    graph = chain((4,), affine(8, 4), lif(8), affine(2, 8), last(2))
    tuning = FineTuning(graph, lesson_of(graph, kind), Course(8, 3e-2, 16), "fixed", OPTIONS)
    first, *_, end = tuning.epochs()
    assert end["loss"] < 0.8 * first["loss"]
    assert "accuracy" not in end


def test_what_was_trained_is_what_is_deployed() -> None:
    graph = membranes_sent_on()
    lesson = lesson_of(graph, "max")
    tuning = FineTuning(graph, lesson, Course(2, 1e-2, 16), "fixed", OPTIONS)
    before = copy.deepcopy(graph.nodes["n0"].weight)
    assert [record["epoch"] for record in tuning.epochs()] == [1, 2]
    assert np.array_equal(graph.nodes["n0"].weight, before)
    program = compile_graph(tuning.graph, "fixed").program
    stimulus = build_stimulus(program, range(32), seed=0, steps=STEPS, data=dict(lesson.data))
    wanted = run(program, stimulus, membranes=True)
    layer = program.outputs["output"]
    real = program.layer(layer).to_real(wanted.membranes[layer]).max(1)
    assert np.array_equal(tuning.scores(np.arange(32)).detach().numpy(), real)


def test_the_same_seed_gives_the_same_bits() -> None:
    graph = chain((4,), affine(5, 4), lif(5))

    def trained(seed: int) -> np.ndarray:
        tuning = FineTuning(
            graph, lesson_of(graph, "count"), Course(1, 1e-2, 8, seed), "fixed", OPTIONS
        )
        list(tuning.epochs())
        weight: np.ndarray = tuning.graph.nodes["n0"].weight
        return weight

    assert np.array_equal(trained(0), trained(0))
    assert not np.array_equal(trained(0), trained(1))


def test_what_has_no_gradient_is_refused() -> None:
    graph = chain((4,), affine(5, 4), lif(5))
    with pytest.raises(ConfigError, match="`readout` first-spike has no gradient"):
        FineTuning(graph, replace(lesson_of(graph, "count"), readout="first-spike"), Course())  # type: ignore[arg-type]


@pytest.mark.thorough
def test_digits_get_back_what_8_bits_lost() -> None:
    """A classifier with a weight so large that its layer's others have few bits left."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    mixed = np.random.default_rng(0).permutation(len(labels))
    data, labels = np.repeat((images[mixed] / 16)[:, None], 8, 1), labels[mixed]
    options = Options(dt=1e-3, steps=8, analog=("input",), initial="zero")
    lesson = Lesson({"input": data[:1400]}, labels[:1400], 8, "output", "count")
    net = chain((64,), affine(48, 64), lif(48), affine(48, 48), lif(48), affine(10, 48), lif(10))
    for name in ("n0", "n2", "n4"):
        net.nodes[name].weight *= 0.2
    tuning = FineTuning(net, lesson, Course(10, 1e-2), "float", options)
    list(tuning.epochs())
    net = tuning.graph
    net.nodes["n2"].weight[0, 0] = 80 * np.abs(net.nodes["n2"].weight).max()

    def accuracy(graph: nir.NIRGraph, precision: Precision) -> float:
        program = compile_graph(graph, precision, options).program
        held = {"input": data[1400:]}
        stimulus = build_stimulus(program, range(397), seed=0, steps=8, data=held)
        spikes = run(program, stimulus).spikes[program.outputs["output"]]
        return float((spikes.sum(1).argmax(1) == labels[1400:]).mean())

    trained, rounded = accuracy(net, "float"), accuracy(net, "fixed")
    tuning = FineTuning(net, lesson, Course(5, 2e-3), "fixed", options)
    list(tuning.epochs())
    regained = accuracy(tuning.graph, "fixed")
    assert rounded < trained - 0.2
    assert regained > trained - 0.06
