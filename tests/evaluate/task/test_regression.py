"""A regression's figures beside sklearn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import max_error, mean_absolute_error, mean_squared_error, r2_score

from snnvae.evaluate.task.outcome import Outcome
from snnvae.evaluate.task.regression import Drift, Regressed


@pytest.mark.parametrize("outputs", [1, 3])
def test_figures_are_sklearns(outputs: int) -> None:
    rng = np.random.default_rng(outputs)
    values, targets = rng.normal(size=(2, 40, outputs))
    found = Regressed(Outcome("float", values), targets)
    assert found.mse == pytest.approx(mean_squared_error(targets, values))
    assert found.mae == pytest.approx(mean_absolute_error(targets, values))
    assert found.r2 == pytest.approx(r2_score(targets, values))
    assert found.largest == pytest.approx(max_error(targets.ravel(), values.ravel()))


def test_where_the_error_lies() -> None:
    rng = np.random.default_rng(3)
    values, targets = rng.normal(size=(2, 50, 2))
    found = Regressed(Outcome("float", values), targets)
    each = np.square(values - targets).mean(1)
    assert found.interval is not None
    assert np.mean(found.interval) == pytest.approx(found.mse)
    assert np.ptp(found.interval) == pytest.approx(2 * 1.96 * each.std(ddof=1) / 50**0.5, rel=1e-4)
    assert found.figure == {"mse": found.mse, "low": found.interval[0], "high": found.interval[1]}
    one = Regressed(Outcome("float", values[:1]), targets[:1])
    assert one.interval is None
    assert one.figure == {"mse": one.mse, "low": None, "high": None}
    few = Regressed(Outcome("float", np.array([[0.0], [9.0]])), np.zeros((2, 1)))
    assert few.interval is not None
    assert few.interval[0] == 0


def test_targets_that_do_not_vary_have_no_r2() -> None:
    targets = np.stack([np.arange(4.0), np.ones(4)], axis=1)
    assert Regressed(Outcome("", targets + 1), targets).r2 is None
    assert Regressed(Outcome("", targets[:1]), targets[:1]).r2 is None


def test_every_sample_that_changes_is_told() -> None:
    values = np.arange(1.0, 301.0)[:, None]
    before, after = (Regressed(Outcome("", v), np.zeros((300, 1))) for v in (values, 2 * values))
    assert Drift.of(before, after, range(300)).as_data()["samples"] == list(range(299, -1, -1))


def test_what_deployment_changes_most_comes_first() -> None:
    before = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    after = before + np.array([[0.0, 0.1], [0.0, 0.0], [-3.0, 0.0]])
    targets = np.zeros((3, 2))
    drift = Drift.of(
        Regressed(Outcome("", before), targets), Regressed(Outcome("", after), targets), range(3)
    )
    assert drift.changed == (2, 0)
    assert drift.largest == 3.0
    assert drift.rms == pytest.approx(np.sqrt((0.01 + 9) / 6))
