"""A classifier's figures beside sklearn's and scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    recall_score,
    top_k_accuracy_score,
)

from snnvae.evaluate.task.classification import Change, Classified, mcnemar, ranked
from snnvae.evaluate.task.outcome import Outcome

NAMES = tuple("abcde")


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_sklearns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=(80, 5)), rng.integers(0, 5, 80)
    labels[labels == 3] = 2  # a class without samples
    found = Classified.of(Outcome("float", scores), labels, NAMES)
    answers = scores.argmax(1)
    np.testing.assert_array_equal(found.answers, answers)
    assert found.accuracy == accuracy_score(labels, answers)
    assert found.top(5) == 1
    for k in (1, 2, 3):
        theirs = top_k_accuracy_score(labels, scores, k=k, labels=range(5))
        assert found.top(k) == pytest.approx(theirs, abs=1e-15)
    assert found.macro_f1 == pytest.approx(f1_score(labels, answers, average="macro"), abs=1e-15)
    np.testing.assert_array_equal(
        found.confusion, confusion_matrix(labels, answers, labels=range(5))
    )
    theirs = recall_score(labels, answers, average=None, labels=range(5), zero_division=np.nan)
    assert found.recall[3] is None
    np.testing.assert_allclose([np.nan if r is None else r for r in found.recall], theirs)
    low, high = binomtest(int((labels == answers).sum()), 80).proportion_ci(method="wilson")
    assert found.interval == pytest.approx((low, high))


def test_a_class_that_is_neither_there_nor_answered_has_no_f1() -> None:
    labels, scores = np.array([0, 1, 1]), np.eye(5)[[0, 1, 0]]
    found = Classified.of(Outcome("float", scores), labels, NAMES)
    theirs = f1_score(labels, [0, 1, 0], average="macro")
    assert found.macro_f1 == pytest.approx(theirs)
    assert theirs == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "pair", [(0, 0), (1, 0), (0, 3), (4, 4), (2, 9), (30, 55), (700, 650), (9000, 9300)]
)
def test_mcnemar_is_scipys_binomial_test(pair: tuple[int, int]) -> None:
    n = sum(pair)
    expected = binomtest(pair[0], n, 0.5).pvalue if n else 1.0
    assert mcnemar(*pair) == pytest.approx(expected, rel=1e-12)


def test_equal_scores_go_by_the_second_value_then_by_their_place() -> None:
    scores = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0]])
    assert ranked(scores).tolist() == [[1, 2, 0, 3], [0, 1, 2, 3]]
    second = np.array([[9.0, 0.1, 0.2, 9.0], [0.0, 1.0, -1.0, 1.0]])
    assert ranked(scores, second).tolist() == [[2, 1, 0, 3], [1, 3, 0, 2]]


def test_flips_are_named_by_sample_and_counted_by_what_they_change() -> None:
    labels = np.array([0, 1, 2, 3, 4])

    def of(answers: list[int]) -> Classified:
        return Classified.of(Outcome("", np.eye(5)[answers]), labels, NAMES)

    change = Change.of(of([0, 1, 0, 0, 4]), of([1, 1, 2, 4, 4]), range(10, 15))
    assert change.changed == (10, 12, 13)
    assert (change.lost, change.gained) == (1, 1)
    assert change.p_value == 1.0
