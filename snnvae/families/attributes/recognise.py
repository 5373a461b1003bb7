"""How well classes that were never seen are recognised, by what learned from generated samples.

A linear support vector machine on the host (scikit-learn's SVC, C = 0.01) learns from samples of
each class, and is asked about real held-out ones (Xian et al. call these figures so):

    unseen only  it knows the unseen classes alone, and is asked about these
    S, U         it knows all classes; right among held-out samples of seen, and of unseen ones
    H            2·S·U/(S + U)

All are means over classes of the shares that are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.extras import require
from snnvae.families.attributes.data.described import Described, Split

MARGIN = 0.01
"""C: small, since generated samples lack the noise of real ones and are told apart too easily."""


@dataclass(frozen=True)
class Recognised:
    """Shares in [0, 1]."""

    unseen_only: float
    seen: float
    unseen: float

    @property
    def harmonic(self) -> float:
        """H."""
        total = self.seen + self.unseen
        return 2 * self.seen * self.unseen / total if total != 0 else 0.0

    def figures(self) -> dict[str, float]:
        """By name."""
        return {
            "unseen only": self.unseen_only,
            "S": self.seen,
            "U": self.unseen,
            "H": self.harmonic,
        }


def recognised(learned: Split, data: Described) -> Recognised:
    """Of a linear SVM that learned from these samples, of all classes; asked about data.test."""
    alone = _guesses(learned.of(data.unseen), data.test.x)
    return figures_of(alone, _guesses(learned, data.test.x), data)


def figures_of(
    alone: NDArray[np.int64], among_all: NDArray[np.int64], data: Described
) -> Recognised:
    """Of guesses for data.test: among the unseen classes alone, and among all."""
    label = data.test.label
    return Recognised(
        _right(alone, label, data.unseen),
        _right(among_all, label, data.seen),
        _right(among_all, label, data.unseen),
    )


def _right(guesses: NDArray[np.int64], label: NDArray[np.int64], of: NDArray[np.int64]) -> float:
    """The mean over classes of the share that is right; classes without samples do not count.

    NaN where there is no sample of any.
    """
    shares = [(guesses[label == c] == c).mean() for c in of if (label == c).any()]
    return float(np.mean(shares)) if shares else float("nan")


def _guesses(learned: Split, x: NDArray[np.floating]) -> NDArray[np.int64]:
    require("sklearn")
    from sklearn.svm import SVC

    classes = np.unique(learned.label)
    if len(classes) < 2:  # there is nothing to tell apart
        return np.full(len(x), classes[0])
    found: NDArray[np.int64] = (
        SVC(kernel="linear", C=MARGIN)
        .fit(np.asarray(learned.x, np.float64), learned.label)
        .predict(np.asarray(x, np.float64))
    )
    return found
