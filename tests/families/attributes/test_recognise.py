"""The figures of classes never seen, on samples of which they are known."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.families.attributes.data.described import Described, Split
from snnvae.families.attributes.peers import direct_attributes, linear_gaussian
from snnvae.families.attributes.recognise import Recognised, figures_of, recognised

TABLE = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1.0]])
UNSEEN = np.array([3, 4])


def described(noise: float = 0.1, each: int = 60) -> Described:
    """x = B·a + W·n and a little noise, so that the linear model is the truth."""
    rng = np.random.default_rng(0)
    b, w = rng.normal(size=(3, 8)), 0.3 * rng.normal(size=(2, 8))

    def drawn() -> Split:
        label = np.tile(np.arange(6), each)
        x = TABLE[label] @ b + rng.normal(size=(len(label), 2)) @ w
        return Split(x + noise * rng.normal(size=x.shape), label)

    one = np.ones(8)
    return Described(drawn(), drawn(), TABLE, UNSEEN, -one, one)


def test_the_harmonic_mean() -> None:
    assert Recognised(1.0, 0.5, 1.0).harmonic == pytest.approx(2 / 3)
    assert Recognised(1.0, 0.0, 0.0).harmonic == 0
    assert list(Recognised(1, 1, 1).figures()) == ["unseen only", "S", "U", "H"]


def test_figures_are_means_over_classes() -> None:
    data = described(each=2)
    test = Split(np.zeros((7, 8)), np.array([0, 0, 0, 1, 3, 3, 4]))
    data = Described(data.train, test, TABLE, UNSEEN, data.low, data.high)
    alone = np.array([3, 3, 3, 3, 3, 4, 4])
    among = np.array([0, 0, 1, 1, 3, 0, 0])
    found = figures_of(alone, among, data)
    assert found.unseen_only == pytest.approx((1 / 2 + 1) / 2)
    assert found.seen == pytest.approx((2 / 3 + 1) / 2)
    assert found.unseen == pytest.approx((1 / 2 + 0) / 2)


def test_a_linear_world_is_told_by_the_linear_model() -> None:
    data = described()
    label = np.tile(data.known, 100)
    made = linear_gaussian(data, label, 0)
    assert made.x.shape == (600, 8)
    for c in range(6):
        mean = data.test.of(np.array([c])).x.mean(0)
        np.testing.assert_allclose(made.of(np.array([c])).x.mean(0), mean, atol=0.3)
    assert recognised(made, data).unseen_only > 0.95
    assert recognised(made, data).harmonic > 0.9
    again = linear_gaussian(data, label, 0)
    np.testing.assert_array_equal(made.x, again.x)


def test_attributes_predicted_directly() -> None:
    found = direct_attributes(described())
    assert found.unseen_only > 0.95
    assert found.harmonic > 0.9


def test_labels_that_lie_make_figures_bad() -> None:
    """The measure can fail: samples of unseen classes by each other's attributes."""
    data = described()
    label = np.tile(data.known, 100)
    made = linear_gaussian(data, label, 0)
    swapped = np.array([0, 1, 2, 4, 3, 5])[made.label]
    found = recognised(Split(made.x, swapped), data)
    assert found.unseen_only < 0.1
    assert found.unseen < 0.1
    assert found.seen > 0.9


def test_one_unseen_class_is_nothing_to_tell_apart() -> None:
    data = described()
    data = Described(data.train, data.test, TABLE, UNSEEN[:1], data.low, data.high)
    label = np.tile(data.known, 40)
    assert recognised(linear_gaussian(data, label, 0), data).unseen_only == 1
