"""Small classifiers on random samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_classifier import OUTPUTS, classifier, samples

from snnvae.evaluate.task.assess import Question, assess
from snnvae.evaluate.task.assessment import Assessment
from snnvae.inputs.pairs import from_arrays


@pytest.fixture(scope="session")
def x() -> np.ndarray:
    return samples()


@pytest.fixture(scope="session")
def y() -> np.ndarray:
    return np.random.default_rng(2).integers(0, OUTPUTS, 60)


@pytest.fixture
def asks(nets: Any, x: np.ndarray, y: np.ndarray) -> Callable[..., Assessment]:
    """asks(spiking=True, readout="count") → the assessment of the small classifier."""

    def ask(*, spiking: bool = True, targets: np.ndarray | None = None, **how: Any) -> Assessment:
        answers = y if targets is None else targets
        regression = targets is not None
        return assess(
            classifier(nets, spiking=spiking),
            lambda program: from_arrays(program, x, answers, regression=regression),
            Question(**how),
        )

    return ask
