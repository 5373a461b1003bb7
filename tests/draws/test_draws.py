"""Random choices: fixed by seed and sample index alone, and as random as they should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from snnvae.draws import read, stated
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.draw import Draw as HostDraw
from snnvae.draws.draw import HostStep, probabilities
from snnvae.draws.even import EvenGaussSigmoid, EvenRates
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.label import Label, class_spikes, classes_in_turn
from snnvae.draws.mixture import Mixture
from snnvae.draws.one_hot import OneHot, one_hot
from snnvae.draws.rates import Rates, bernoulli_spikes
from snnvae.errors import GraphError

RNG = np.random.default_rng(0)
WEIGHT, BIAS = RNG.normal(size=(6, 6)).astype(np.float32), RNG.normal(size=6).astype(np.float32)
RATE = RNG.random((400, 5))

PRIOR = GaussSigmoid("z", WEIGHT, BIAS)
EVEN, EVEN_PRIOR = EvenRates(), EvenGaussSigmoid("z", WEIGHT, BIAS)
FITTED = Mixture(
    "z",
    np.array([[0.25, 0.75], [1.0, 0.0]]),
    np.array([[0.2, 0.5, 0.9, 0.4, 0.3, 0.6], [0.8, 0.5, 0.1, 0.4, 0.3, 0.6]]),
    np.stack([0.02 * np.eye(6), 0.1 * np.tril(np.ones((6, 6)))]),
)
HALVES = Bernoulli("z", np.full(6, 0.5), 4)
GRADED = Attributes("noise", np.linspace(0.1, 0.9, 24).reshape(3, 8), 5)
BINARY = Attributes("class", np.array([[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1.0]]))


def choices(samples: Sequence[int], steps: int, groups: int, k: int, seed: int) -> np.ndarray:
    return OneHot("choice", groups, k).choices(samples, steps, seed)


Draw = Callable[[Sequence[int], int], np.ndarray]
DRAWS: dict[str, Draw] = {
    "choice": lambda samples, seed: choices(samples, 7, 5, 20, seed),
    "posterior": lambda samples, seed: bernoulli_spikes(RATE[list(samples)], samples, 7, seed),
    "prior rate": lambda samples, seed: PRIOR.rates(samples, seed),
    "prior spikes": lambda samples, seed: PRIOR.stream(samples, 7, seed, ()),
    "even spikes": lambda samples, seed: EVEN.drawn(RATE[list(samples)], samples, 7, seed),
    "prior's even spikes": lambda samples, seed: EVEN_PRIOR.stream(samples, 7, seed, ()),
    "mixture's rates": lambda samples, seed: FITTED.rates(samples, seed, [0] * len(samples)),
    "spikes at fixed rates": lambda samples, seed: HALVES.stream(samples, 7, seed, ()),
    "graded attributes": lambda samples, seed: GRADED.stream(
        samples, 7, seed, [n % 3 for n in samples]
    ),
}
each = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@each
def test_a_sample_is_the_same_in_any_batch(draw: Draw) -> None:
    together = draw(range(50), 1)
    for n in (0, 1, 17, 49):
        np.testing.assert_array_equal(draw([n], 1)[0], together[n])
    np.testing.assert_array_equal(draw([49, 3, 17], 1), together[[49, 3, 17]])


@each
def test_another_seed_or_sample_is_another_draw(draw: Draw) -> None:
    assert (draw(range(20), 1) != draw(range(20), 2)).any()
    several = draw(range(20), 1)
    assert len({row.tobytes() for row in several}) == 20


def test_fewer_steps_are_the_first_of_more() -> None:
    long = choices(range(3), 16, 5, 20, 0)
    np.testing.assert_array_equal(choices(range(3), 4, 5, 20, 0), long[:, :4])


def test_a_choice_is_uniform() -> None:
    index = choices(range(200), 16, 10, 5, 0)
    assert index.shape == (200, 16, 10)
    assert index.dtype == np.int64
    counts = np.bincount(index.ravel(), minlength=5)
    assert len(counts) == 5
    expected = index.size / 5
    assert ((counts - expected) ** 2 / expected).sum() < 23.5  # χ² with 4 degrees, p = 1e-4


def test_spikes_come_at_their_rate() -> None:
    rate = np.tile([0.0, 0.25, 0.9, 1.0], (300, 1))
    spikes = bernoulli_spikes(rate, range(300), 16, 0)
    assert spikes.shape == (300, 16, 4)
    mean = spikes.mean(axis=(0, 1))
    assert mean[0] == 0
    assert mean[3] == 1
    np.testing.assert_allclose(mean[1:3], [0.25, 0.9], atol=4 * 0.5 / np.sqrt(4800))
    # Steps and samples are independent: the variance of a sample's count is binomial.
    assert spikes[..., 1].sum(1).var() == pytest.approx(16 * 0.25 * 0.75, rel=0.3)


def test_the_prior_s_rate_is_a_sigmoid_of_gaussian_noise() -> None:
    eye, zero = np.eye(4), np.zeros(4)
    rate = GaussSigmoid("z", eye, zero).rates(range(2000), 0)
    noise = np.log(rate / (1 - rate))
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(noise.T), eye, atol=0.12)
    shifted = GaussSigmoid("z", 2 * eye, zero + 1).rates(range(2000), 0)
    np.testing.assert_allclose(shifted, expit(2 * noise + 1))


def test_prior_spikes_follow_the_prior_s_rate() -> None:
    rate = PRIOR.rates(range(300), 0)
    spikes = PRIOR.stream(range(300), 64, 0, ())
    error = (spikes.mean(1) - rate) / np.sqrt(rate * (1 - rate) / 64)
    assert abs(error.mean()) < 0.1
    assert error.std() == pytest.approx(1, abs=0.1)


def test_purposes_do_not_share_their_numbers() -> None:
    """Drawing posterior spikes at the prior's rates gives other spikes than the prior's."""
    rate = PRIOR.rates(range(20), 0)
    prior = PRIOR.stream(range(20), 16, 0, ())
    assert (prior != bernoulli_spikes(rate, range(20), 16, 0)).any()


def test_one_hot_is_latent_major() -> None:
    hot = one_hot(np.array([[2, 0]]), 3)
    assert hot.tolist() == [[False, False, True, True, False, False]]
    index = choices(range(3), 4, 5, 6, 0)
    again = one_hot(index, 6).reshape(3, 4, 5, 6)
    assert (again.sum(-1) == 1).all()
    np.testing.assert_array_equal(again.argmax(-1), index)


def test_classes_take_turns_by_the_sample_s_own_index() -> None:
    assert classes_in_turn(range(7), 3) == (0, 1, 2, 0, 1, 2, 0)
    assert classes_in_turn([5, 2], 3) == (2, 2)


def test_the_class_s_neuron_fires_at_every_step_and_no_other() -> None:
    spikes = class_spikes([2, 0], 3, 4)
    assert spikes.shape == (2, 4, 3)
    assert spikes.dtype == bool
    assert (spikes == [[[False, False, True]], [[True, False, False]]]).all()


def test_the_class_s_attributes_fire_at_every_step_and_no_others() -> None:
    spikes = BINARY.stream(range(3), 4, 0, [2, 0, 1])
    assert spikes.dtype == bool
    assert (spikes == BINARY.table[[2, 0, 1]].astype(bool)[:, None]).all()
    assert BINARY.work(4).operations == 0
    assert BINARY.shows_class
    assert BINARY.classes == 3


def test_a_label_is_the_attributes_of_the_identity() -> None:
    label, same = Label("class", 4), Attributes("class", np.eye(4))
    drawn = [draw.stream(range(6), 5, 0, [3, 1, 0, 2, 2, 1]) for draw in (label, same)]
    np.testing.assert_array_equal(*drawn)


def test_graded_attributes_fire_at_their_rates() -> None:
    table = np.array([[0.0, 0.2, 0.7, 1.0], [1.0, 0.5, 0.0, 0.0]])
    spikes = Attributes("class", table, 5).stream(range(400), 16, 0, [0, 1] * 200)
    for label in range(2):
        mean = spikes[label::2].mean((0, 1))
        np.testing.assert_allclose(mean, table[label], atol=4 * 0.5 / np.sqrt(3200))
        assert (mean[(table[label] == 0) | (table[label] == 1)] % 1 == 0).all()
    assert Attributes("class", table, 5).work(16).draws == 64


def test_fixed_rates_are_met() -> None:
    rate = np.array([0.0, 0.3, 0.8, 1.0])
    mean = Bernoulli("z", rate).stream(range(300), 16, 0, ()).mean((0, 1))
    np.testing.assert_allclose(mean, rate, atol=4 * 0.5 / np.sqrt(4800))
    assert mean[0] == 0
    assert mean[3] == 1
    assert Bernoulli("z", rate).work(16).draws == 64


@pytest.mark.parametrize("classes", [2, 6, 9])
def test_a_class_shifts_the_prior_s_rate_by_its_column(classes: int) -> None:
    columns = np.random.default_rng(1).normal(size=(6, classes)).astype(np.float32)
    label = classes_in_turn(range(20), classes)
    rate = GaussSigmoid("z", WEIGHT, BIAS, columns).rates(range(20), 3, label)
    for n in (0, 1, 13):
        alone = GaussSigmoid("z", WEIGHT, BIAS + columns.astype(float)[:, label[n]]).rates([n], 3)
        np.testing.assert_array_equal(rate[n], alone[0])


SIZES = {"z": 6, "choice": 12, "class": 4, "noise": 8}
COLUMNS = RNG.normal(size=(6, 4))
PATTERNS: dict[str, Any] = {
    "kind": "patterns",
    "table": [[0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]],
    "p": [[0.2, 0.3, 0.5], [1, 0, 0]],
    "kind_of": [0, 1],
}
CHOICE, CLASS = OneHot("choice", 4, 3), Label("class", 4)


@pytest.mark.parametrize(
    ("draws", "step", "keys"),
    [
        ((), None, {"sampler"}),
        ((CHOICE,), None, {"sampler"}),
        ((CHOICE, CLASS), None, {"sampler"}),
        ((PRIOR,), None, {"sampler"}),
        ((GaussSigmoid("z", WEIGHT, BIAS, COLUMNS), CLASS), None, {"sampler"}),
        ((CLASS,), None, {"sampler"}),
        ((EVEN_PRIOR,), None, {"draws"}),
        ((FITTED,), None, {"draws"}),
        ((), EvenRates(10), {"draws", "host_step"}),
        ((), Rates(10), {"sampler"}),
        ((OneHot("noise", 2, 4, substream=7),), None, {"draws"}),
        ((OneHot("noise", 4, 2, p=(0.25, 0.75)),), None, {"draws"}),
        ((FirstSteps("noise", 8, 2, substream=5),), None, {"draws"}),
        ((CHOICE, OneHot("noise", 2, 4, substream=7), CLASS), None, {"draws"}),
        ((CHOICE,), Rates(), {"draws", "host_step"}),
        ((HALVES, GRADED), None, {"draws"}),
        ((BINARY,), Rates(3), {"draws", "host_step"}),
    ],
)
def test_what_is_stated_is_read(
    draws: tuple[HostDraw, ...], step: HostStep | None, keys: set[str]
) -> None:
    metadata = stated(draws, step)
    assert metadata.keys() == keys
    if metadata != {"sampler": {}}:
        again, after = read(metadata, SIZES)
        assert stated(again, after) == metadata
        assert (len(again), after) == (len(draws), step)


def test_even_spikes_have_their_rate_at_each_step_and_nearly_its_number_of_them() -> None:
    rate = np.repeat(RATE[:1], 4000, 0)
    spikes = EVEN.drawn(rate, range(4000), 16, 0)
    error = 5 * np.sqrt(rate[0] * (1 - rate[0]) / 4000)
    assert (abs(spikes.mean(0) - rate[0]) < error).all()  # of each step
    counts = spikes.sum(1)
    assert ((counts == np.floor(16 * rate)) | (counts == np.ceil(16 * rate))).all()
    first, second = spikes[:, 0, 0], spikes[:, 1, 0]
    assert len(np.unique(spikes[:, :, 0], axis=0)) > 3000  # in a random order
    assert (first & second).mean() < rate[0, 0] ** 2  # one spike makes another less likely


@given(st.integers(1, 16), st.integers(0, 100))
def test_of_rates_that_are_shares_of_the_steps_the_number_of_spikes_is_exact(
    steps: int, seed: int
) -> None:
    counts = np.arange(steps + 1)
    latent = np.arange(steps)[:, None] < counts  # (T, N): neuron n fires n times
    assert (EVEN.stream(latent[None], [seed], seed).sum(1) == counts).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factor", np.zeros((2, 6, 7))),  # more noise than latents
        ("factor", np.full((2, 6, 6), 1e308)),
        ("mean", np.full((2, 6), -1e308)),
        ("mean", np.zeros((3, 6))),
        ("p", np.array([[0.5, 0.6]])),
    ],
)
def test_a_mixture_beyond_bounds_is_refused(name: str, value: np.ndarray) -> None:
    stated = {**FITTED.stated(), "kind": "mixture", name: value}
    with pytest.raises(GraphError, match="'draws' of 'z' makes no sense"):
        read({"draws": {"z": stated}}, SIZES)


@pytest.mark.parametrize("kind", ["gauss-sigmoid", "even-gauss-sigmoid"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight", np.zeros((6, 7))),  # more noise than latents
        ("weight", np.full((6, 6), 1e308)),  # sums of which are no numbers
        ("weight", np.full((6, 6), -(2**63))),
        ("weight", np.full((6, 6), np.nan)),
        ("bias", np.full(6, -np.inf)),
        ("bias", np.full(6, 1e7)),
        ("class_weight", np.full((6, 4), 1e308)),
    ],
)
def test_a_prior_beyond_bounds_is_refused(kind: str, name: str, value: np.ndarray) -> None:
    stated = {**PRIOR.stated(), "class_weight": np.zeros((6, 4)), "kind": kind, name: value}
    with pytest.raises(GraphError, match="'draws' of 'z' makes no sense"):
        read({"draws": {"z": stated}}, SIZES)


def test_a_prior_within_bounds_has_rates() -> None:
    largest = np.full((6, 6), np.uint32(1_000_000))
    stated = {"kind": "gauss-sigmoid", "weight": largest, "bias": -largest[0].astype(int)}
    ((prior,), _) = read({"draws": {"z": stated}}, SIZES)
    assert isinstance(prior, GaussSigmoid)
    assert np.isin(prior.rates(range(50), 0), (0, 1)).all()


@given(k=st.integers(1, 2000), seed=st.integers(0, 10**6), as_list=st.booleans())
def test_probabilities_that_float32_has_rounded(k: int, seed: int, as_list: bool) -> None:
    """Summed one by one and divided, as a small program does: 1 together after they are read."""
    weights = np.random.default_rng(seed).exponential(size=k).astype(np.float32)
    p = weights / np.add.accumulate(weights)[-1]
    assert p.dtype == np.float32
    found = probabilities(p.tolist() if as_list else p, k)
    assert abs(found.sum() - 1) <= 1e-9
    np.testing.assert_allclose(found, p, rtol=1e-9 + (k + 1) * 2.0**-24, atol=0)


def test_probabilities_as_they_are_where_float64_has_rounded_them() -> None:
    p = np.array([0.1, 0.2, 0.3, 0.4 + 1e-12])
    np.testing.assert_array_equal(probabilities(p, 4), p)
    for wrong in (
        [0.3, 0.3, 0.399],
        [0.333333, 0.333333, 0.333333],
        [1.0000005],
        [-1e-9, 1 + 1e-9],
    ):
        with pytest.raises(ValueError, match="no probabilities"):
            probabilities(wrong, len(wrong))


def test_a_mixture_has_the_means_and_covariances_of_its_components() -> None:
    rates = FITTED.rates(range(20_000), 0, [0] * 20_000)
    first = rates[:, 0] < 0.35  # 0.2 ± 0.02; the other component's first rate is 0.8 ± 0.1
    assert abs(first.mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 20_000)
    np.testing.assert_allclose(rates[first].mean(0), FITTED.mean[0], atol=0.002)
    np.testing.assert_allclose(np.cov(rates[first, 2:].T), 0.0004 * np.eye(4), atol=0.00004)
    inside = rates[~first][:, [1, 3]]  # not clipped: 0.5 ± 0.14, 0.4 ± 0.2 but at the ends
    np.testing.assert_allclose(inside.mean(0), [0.5, 0.4], atol=0.015)
    np.testing.assert_allclose(np.cov(inside.T)[0], [0.02, 0.02], atol=0.002)
    assert (rates >= 0).all()
    assert (rates <= 1).all()
    assert (FITTED.rates(range(50), 0, [1] * 50)[:, 0] < 0.35).all()  # of the second class


def test_patterns_come_as_their_table_and_probabilities_say() -> None:
    ((draw,), _) = read({"draws": {"noise": PATTERNS}}, SIZES)
    spikes = draw.stream(range(100), 50, 0, ()).reshape(5000, 2, 4)
    assert not spikes[:, 1].any()  # its kind shows the silent row alone
    rows, counts = np.unique(spikes[:, 0], axis=0, return_counts=True)
    shown = {row.tobytes(): count / 5000 for row, count in zip(rows, counts)}
    table = np.array(PATTERNS["table"], bool)
    assert shown.keys() == {row.tobytes() for row in table}
    for row, p in zip(table, PATTERNS["p"][0]):
        assert shown[row.tobytes()] == pytest.approx(p, abs=4 * 0.5 / np.sqrt(5000))
    ((again,), _) = read(stated((draw,), None), SIZES)
    np.testing.assert_array_equal(again.stream([3], 9, 1, ()), draw.stream([3], 9, 1, ()))


def test_first_steps_alone_fire() -> None:
    spikes = FirstSteps("start", 50, 3).stream(range(200), 10, 0, ())
    assert not spikes[:, 3:].any()
    assert spikes[:, :3].mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(30_000))
    assert FirstSteps("start", 50, 3).stream([7], 2, 0, ()).shape == (1, 2, 50)


def test_inputs_that_share_random_numbers_are_refused() -> None:
    """Of any two kinds: what is drawn for one would tell what is drawn for the other."""
    for other in (OneHot("b", 4, 2, substream=7), FirstSteps("b", 8, 2, substream=7)):
        draws = (OneHot("a", 2, 4, substream=7), other)
        with pytest.raises(GraphError, match="'a' and 'b' have the same random numbers; export"):
            read(stated(draws, None), {"a": 8, "b": 8})


def test_inputs_with_substreams_of_their_own_get_other_choices() -> None:
    one, other = (OneHot("a", 4, 5, substream=n).choices(range(3), 8, 0) for n in (7, 8))
    assert (one != other).any()


@pytest.mark.parametrize(
    "metadata",
    [
        {"draws": {"noise": {"kind": "one-hot", "groups": 3, "k": 4}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 2, "k": 4, "substream": -1}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 4, "k": 2, "p": [0.5, 0.4]}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 4, "k": 2, "p": [1.5, -0.5]}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 4, "k": 2, "p": [0.2, 0.2, 0.6]}}},
        {"draws": {"noise": {"kind": "two-hot", "groups": 2, "k": 4}}},
        {"draws": {"noise": {"kind": "first-steps", "first": 0}}},
        {"draws": {"noise": {**PATTERNS, "kind_of": [0, 2]}}},
        {"draws": {"noise": {**PATTERNS, "kind_of": [0, 1, 1]}}},
        {"draws": {"noise": {**PATTERNS, "p": [[0.5, 0.5]]}}},
        {"draws": {"noise": {**PATTERNS, "p": [[0.5, 0.5, 0.5], [1, 0, 0]]}}},
        {"draws": {"noise": {**PATTERNS, "table": [[0, 0, 0, 2], [1, 0, 1, 0], [0, 1, 1, 1]]}}},
        {"draws": {"elsewhere": {"kind": "one-hot", "groups": 2, "k": 4}}},
        {"draws": {"class": {"kind": "label", "classes": 5}}},
        {"draws": {"z": {"kind": "gauss-sigmoid", "weight": np.eye(5), "bias": np.zeros(6)}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 2, "k": 4, "substream": 1}}},
        {"draws": {"noise": {"kind": "one-hot", "groups": 2, "k": 4, "substream": 1 << 32}}},
        {
            "draws": {
                "z": {
                    "kind": "gauss-sigmoid",
                    "weight": np.eye(6),
                    "bias": np.zeros(6),
                    "class_weight": np.zeros((6, 0)),
                }
            }
        },
        {"draws": {"noise": 3}},
        {"draws": {"class": {"kind": "attributes"}}},
        {"draws": {"class": {"kind": "attributes", "table": np.ones((3, 5))}}},
        {"draws": {"class": {"kind": "attributes", "table": np.ones(4)}}},
        {"draws": {"class": {"kind": "attributes", "table": np.full((3, 4), 1.5)}}},
        {"draws": {"class": {"kind": "attributes", "table": np.full((3, 4), -0.1)}}},
        {"draws": {"class": {"kind": "attributes", "table": np.full((3, 4), np.nan)}}},
        {"draws": {"class": {"kind": "attributes", "table": np.full((3, 4), "a")}}},
        {"draws": {"class": {"kind": "attributes", "table": np.ones((0, 4))}}},
        {"draws": {"class": {"kind": "attributes", "table": np.ones((3, 4)), "substream": 2}}},
        {"draws": {"z": {"kind": "bernoulli", "rate": np.full(5, 0.5)}}},
        {"draws": {"z": {"kind": "bernoulli", "rate": np.full(6, 1.5)}}},
        {"draws": {"z": {"kind": "bernoulli", "rate": np.full(6, np.inf)}}},
        {"draws": {"z": {"kind": "bernoulli", "rate": 0.5}}},
        {"draws": 3},
        {"host_step": {"kind": "guess"}},
        {"host_step": {"kind": "rates", "classes": -1}},
        {"host_step": "rates"},
    ],
)
def test_nonsense_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(GraphError, match="makes no sense; export the file again"):
        read(metadata, SIZES)


def test_an_input_is_fed_once_and_all_mean_the_same_classes() -> None:
    twice = {
        "sampler": {"kind": "fsvae", "input": "noise", "latents": 2, "k": 4},
        "draws": {"noise": {"kind": "one-hot", "groups": 2, "k": 4}},
    }
    with pytest.raises(GraphError, match="feeds an input twice"):
        read(twice, SIZES)
    three = GaussSigmoid("z", WEIGHT, BIAS, COLUMNS[:, :3])
    with pytest.raises(GraphError, match="states 3 and 10 classes"):
        read(stated((three, OneHot("noise", 2, 4, substream=7)), Rates(10)), SIZES)
