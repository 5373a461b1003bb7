"""A program's stimulus from the user's data and the file's sampler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.label import class_spikes
from snnvae.draws.one_hot import OneHot
from snnvae.draws.rates import Rates, bernoulli_spikes
from snnvae.errors import ConfigError, DataError
from snnvae.hardware_sim.make_stimulus import build_stimulus, next_stimulus
from snnvae.program import Program
from snnvae.stimulus import Stimulus


def program(nets: Any, *, constant: bool = False, **own: Any) -> Program:
    nodes = {
        "x": nets.source(2, 3),
        "a": nets.threshold(2, 3),
        "out": nets.sink(2, 3),
    }
    rule = {"inputs": {"x": {"analog": True, "constant": True}}} if constant else {}
    return nets.compiled(nets.chain(nodes, steps=5, **rule, **own))


def test_a_batch_is_taken_as_it_is(nets: Any) -> None:
    data = np.random.default_rng(0).random((4, 7, 2, 3)) < 0.5
    stimulus = build_stimulus(program(nets), range(4), data={"x": data})
    assert (stimulus.batch, stimulus.steps) == (4, 7)
    np.testing.assert_array_equal(stimulus.streams["x"], data)
    stimulus.check(program(nets))


def test_one_sample_serves_all(nets: Any) -> None:
    data = np.random.default_rng(0).random((7, 2, 3)) < 0.5
    stimulus = build_stimulus(program(nets), range(4), data={"x": data})
    for row in stimulus.streams["x"]:
        np.testing.assert_array_equal(row, data)


def test_a_constant_input_takes_one_value_a_sample(nets: Any) -> None:
    images = np.random.default_rng(0).random((4, 2, 3))
    stimulus = build_stimulus(program(nets, constant=True), range(4), data={"x": images})
    assert stimulus.steps == 5
    for t in range(5):
        np.testing.assert_array_equal(stimulus.streams["x"][:, t], images)


def test_one_step_of_a_constant_input_lasts_for_all(nets: Any) -> None:
    images = np.random.default_rng(0).random((4, 1, 2, 3))
    stimulus = build_stimulus(program(nets, constant=True), range(4), data={"x": images})
    assert stimulus.steps == 5
    np.testing.assert_array_equal(stimulus.streams["x"], np.repeat(images, 5, axis=1))


def test_more_data_than_samples_is_cut(nets: Any) -> None:
    data = np.random.default_rng(0).random((9, 5, 2, 3)) < 0.5
    stimulus = build_stimulus(program(nets), range(4), data={"x": data})
    np.testing.assert_array_equal(stimulus.streams["x"], data[:4])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((4, 5, 3, 2)), r"has shape \(4, 5, 3, 2\), needs \(samples, steps, 2, 3\)"),
        (np.zeros((2, 5, 2, 3)), "needs"),
        (np.zeros(6), "needs"),
        (np.zeros((4, 5, 2, 3), dtype="U1"), "is of text; give"),
        (np.zeros((4, 5, 2, 3), complex), "is of complex numbers; give"),
    ],
)
def test_data_that_does_not_fit_is_named(nets: Any, data: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=f"data for input 'x' .*{message}"):
        build_stimulus(program(nets), range(4), steps=5, data={"x": data})


def test_data_for_another_input_is_named(nets: Any) -> None:
    with pytest.raises(DataError, match=r"data for input 'y', but the inputs are 'x'"):
        build_stimulus(program(nets), range(4), data={"y": np.zeros(3)})


def test_missing_data_is_named_with_its_shape(nets: Any) -> None:
    with pytest.raises(DataError, match=r"'x' needs data of shape \(samples, 5, 2, 3\); pass `d"):
        build_stimulus(program(nets), range(4))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.full((1, 5, 2, 3), 0.5), "takes spikes .*`analog` x"),
        (np.full((1, 5, 2, 3), np.nan), "takes spikes"),
        (np.full((1, 5, 2, 3), 2), "takes spikes"),
    ],
)
def test_spikes_are_0_or_1(nets: Any, data: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Stimulus({"x": data}, (0,)).check(program(nets))


def test_analog_values_are_finite(nets: Any) -> None:
    with pytest.raises(DataError, match="not finite"):
        Stimulus({"x": np.full((1, 5, 2, 3), np.inf)}, (0,)).check(program(nets, constant=True))


def test_streams_are_those_of_the_program(nets: Any) -> None:
    with pytest.raises(DataError, match=r"streams \['y'\], the network has inputs \['x'\]"):
        Stimulus({"y": np.zeros((1, 5, 2, 3))}, (0,)).check(program(nets))
    with pytest.raises(
        DataError, match=r"input 'x' has shape \(2, 5, 2, 3\), needs \(1, 5, 2, 3\)"
    ):
        Stimulus({"x": np.zeros((2, 5, 2, 3))}, (0,)).check(program(nets))


def test_esvae_s_prior_feeds_its_input(nets: Any) -> None:
    weight, bias = np.eye(6), np.zeros(6)
    sampler = {"kind": "esvae-prior", "input": "x", "weight": weight, "bias": bias}
    stimulus = build_stimulus(program(nets, sampler=sampler), range(3), seed=4)
    expected = GaussSigmoid("x", weight, bias).stream(range(3), 5, 4, ())
    np.testing.assert_array_equal(stimulus.streams["x"], expected.reshape(3, 5, 2, 3))


def test_fsvae_s_choice_feeds_its_input(nets: Any) -> None:
    sampler = {"kind": "fsvae", "input": "x", "latents": 2, "k": 3}
    stimulus = build_stimulus(program(nets, sampler=sampler), range(3), seed=4, steps=8)
    expected = OneHot("x", 2, 3).stream(range(3), 8, 4, ())
    np.testing.assert_array_equal(stimulus.streams["x"], expected.reshape(3, 8, 2, 3))


def test_the_user_s_data_goes_before_the_sampler(nets: Any) -> None:
    sampler = {"kind": "fsvae", "input": "x", "latents": 2, "k": 3}
    data = np.ones((1, 5, 2, 3), bool)
    stimulus = build_stimulus(program(nets, sampler=sampler), range(1), data={"x": data})
    assert stimulus.streams["x"].all()


def test_posterior_spikes_are_drawn_at_the_latent_s_rate(nets: Any) -> None:
    latent = np.random.default_rng(0).random((3, 5, 2, 3)) < 0.5
    stimulus = Stimulus({"image": np.zeros((3, 5, 1))}, (5, 6, 7), seed=2)
    drawn = next_stimulus(Rates(), latent, program(nets), "x", stimulus).streams["x"]
    assert drawn.shape == latent.shape
    rate = latent.mean(axis=1).reshape(3, 6)
    expected = bernoulli_spikes(rate, (5, 6, 7), 5, 2)
    np.testing.assert_array_equal(drawn.reshape(expected.shape), expected)


def test_some_of_the_samples(nets: Any) -> None:
    data = np.random.default_rng(0).random((4, 7, 2, 3)) < 0.5
    stimulus = build_stimulus(program(nets), range(10, 14), data={"x": data}, seed=3)
    some = stimulus.select(slice(1, 3))
    assert (some.samples, some.seed, some.batch) == ((11, 12), 3, 2)
    np.testing.assert_array_equal(some.streams["x"], data[1:3])
    assert replace(stimulus) is not stimulus


@pytest.mark.parametrize("shape", [(20, 1), (3, 20, 1), (3, 1, 2, 3), (1, 5, 1, 3)])
def test_data_of_another_width_or_length_is_never_stretched(nets: Any, shape: Any) -> None:
    with pytest.raises(DataError, match="needs"):
        build_stimulus(program(nets), range(3), steps=5, data={"x": np.zeros(shape)})


@pytest.mark.parametrize("shape", [(0, 5, 2, 3), (2, 0, 2, 3)])
def test_data_without_samples_or_steps_is_refused(nets: Any, shape: Any) -> None:
    with pytest.raises(DataError, match="at least one of each"):
        build_stimulus(program(nets), range(shape[0]), data={"x": np.zeros(shape)})


def conditional(nets: Any, **sampler: Any) -> Program:
    nodes = {
        "x": nets.source(6, 1, 1),
        "class": nets.source(4, 1, 1),
        "a": nets.threshold(6, 1, 1),
        "b": nets.threshold(4, 1, 1),
        "out": nets.sink(6, 1, 1),
        "other": nets.sink(4, 1, 1),
    }
    own = {"kind": "class", "classes": 4, "class_input": "class", **sampler}
    return nets.compiled(nets.graph(nodes, "x a out", "class b other", steps=5, sampler=own))


ESVAE: dict[str, Any] = {
    "kind": "esvae-prior",
    "input": "x",
    "weight": np.eye(6),
    "bias": np.zeros(6),
    "class_weight": np.random.default_rng(0).normal(0, 3, (6, 4)),
}
FSVAE = {"kind": "fsvae", "input": "x", "latents": 2, "k": 3}


@pytest.mark.parametrize("sampler", [ESVAE, FSVAE], ids=["esvae", "fsvae"])
def test_without_a_word_samples_take_the_classes_in_turn(nets: Any, sampler: Any) -> None:
    program = conditional(nets, **sampler)
    stimulus = build_stimulus(program, range(2, 8), seed=4)
    assert stimulus.classes == (2, 3, 0, 1, 2, 3)
    assert stimulus.select(slice(1, 3)).classes == (3, 0)
    expected = class_spikes(stimulus.classes, 4, 5)
    np.testing.assert_array_equal(stimulus.streams["class"], expected.reshape(6, 5, 4, 1, 1))
    stimulus.check(program)


def test_esvae_s_rates_go_by_the_class_and_fsvae_s_choice_does_not(nets: Any) -> None:
    for sampler, same in ((ESVAE, False), (FSVAE, True)):
        program = conditional(nets, **sampler)
        one, other = (build_stimulus(program, range(9), classes=[c] * 9) for c in (1, 3))
        assert np.array_equal(one.streams["x"], other.streams["x"]) == same
        assert not np.array_equal(one.streams["class"], other.streams["class"])
    program = conditional(nets, **ESVAE)
    drawn = build_stimulus(program, range(9), seed=1, classes=[1] * 9).streams["x"]
    prior = GaussSigmoid("x", *(ESVAE[name] for name in ("weight", "bias", "class_weight")))
    expected = prior.stream(range(9), 5, 1, [1] * 9)
    np.testing.assert_array_equal(drawn, expected.reshape(drawn.shape))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([4, 0], "class 4: the model has the classes 0 to 3"),
        ([0, -1], "class -1: the model has the classes 0 to 3"),
        ([1], "1 classes for 2 samples; give one for each"),
    ],
)
def test_a_class_that_is_none_is_named(nets: Any, classes: list[int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_stimulus(conditional(nets, **FSVAE), range(2), classes=classes)


def test_a_class_for_a_network_that_takes_none_is_named(nets: Any) -> None:
    data = {"x": np.zeros((1, 5, 2, 3), bool)}
    with pytest.raises(ConfigError, match=r"takes no class, .*: leave out `classes`"):
        build_stimulus(program(nets), range(1), data=data, classes=[0])


def test_class_data_beside_rates_of_another_class_is_refused(nets: Any) -> None:
    hot = np.zeros((5, 4, 1, 1), bool)
    hot[:, 2] = True
    with pytest.raises(DataError, match="drawn by class on the host: pass `classes` instead"):
        build_stimulus(conditional(nets, **ESVAE), range(1), data={"class": hot})
    both = {"class": hot, "x": np.ones((5, 6, 1, 1), bool)}
    assert build_stimulus(conditional(nets, **ESVAE), range(1), data=both).classes == ()
    free = build_stimulus(conditional(nets, **FSVAE), range(1), data={"class": hot})
    np.testing.assert_array_equal(free.streams["class"][0], hot)


def test_an_encoder_hands_the_classes_on(nets: Any) -> None:
    """It takes none itself, and states how many there are for the decoder behind it."""
    encoder = program(nets, sampler={"kind": "esvae-posterior", "classes": 4})
    data = {"x": np.zeros((3, 5, 2, 3), bool)}
    stimulus = build_stimulus(encoder, range(3), data=data, classes=[3, 1, 1])
    assert set(stimulus.streams) == {"x"}
    assert stimulus.classes == (3, 1, 1)
