"""What a classifier's scores are worth beside labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from snnvae.evaluate.proportion import wilson
from snnvae.evaluate.task.outcome import Outcome


@dataclass(frozen=True)
class Classified:
    """The answers of one form of a network.

    order: the classes of each sample from the best score on, (B, n); of equal scores the one with
    the higher membrane comes first, where it is known, else the lower number. labels: (B,).
    """

    outcome: Outcome
    labels: np.ndarray
    classes: tuple[str, ...]
    order: np.ndarray

    @classmethod
    def of(cls, outcome: Outcome, labels: np.ndarray, classes: tuple[str, ...]) -> Classified:
        """The answers that an outcome's scores give."""
        return cls(outcome, labels, classes, ranked(outcome.scores, outcome.second))

    @property
    def name(self) -> str:
        """The form's."""
        return self.outcome.name

    @property
    def answers(self) -> np.ndarray:
        """The class that each sample is taken for, (B,)."""
        best: np.ndarray = self.order[:, 0]
        return best

    @property
    def right(self) -> np.ndarray:
        """Tells for each sample whether it is its own, (B,)."""
        right: np.ndarray = self.answers == self.labels
        return right

    @property
    def accuracy(self) -> float:
        """Share of the samples whose answer is right."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy on all such samples lies, 95 % (Wilson)."""
        return wilson(int(self.right.sum()), len(self.labels))

    @property
    def figure(self) -> dict[str, float | None]:
        """The accuracy, and where it lies."""
        low, high = self.interval
        return {"accuracy": self.accuracy, "low": low, "high": high}

    def top(self, k: int) -> float:
        """Share of the samples whose class is among the k best."""
        return float((self.order[:, :k] == self.labels[:, None]).any(1).mean())

    @cached_property
    def confusion(self) -> np.ndarray:
        """How many samples of each class (rows) were taken for which (columns), (n, n) int64."""
        n = len(self.classes)
        pairs: np.ndarray = self.labels * n + self.answers
        return np.bincount(pairs, minlength=n * n).reshape(n, n)

    @property
    def recall(self) -> list[float | None]:
        """Share of each class's samples that are known; None where there is no such sample."""
        hits, there = np.diag(self.confusion), self.confusion.sum(1)
        return [float(hit / of) if of else None for hit, of in zip(hits, there)]

    @property
    def macro_f1(self) -> float:
        """Mean of 2·hits / (samples + answers) over the classes that are there or are answered."""
        hits = np.diag(self.confusion)
        either = self.confusion.sum(0) + self.confusion.sum(1)
        seen = either > 0
        return float((2 * hits[seen] / either[seen]).mean())

    def as_data(self, top_k: int) -> dict[str, Any]:
        """For scripts."""
        return {
            **self.figure,
            f"top{top_k}": self.top(top_k),
            "macro_f1": self.macro_f1,
            "recall": dict(zip(self.classes, self.recall)),
            "confusion": self.confusion.tolist(),
            "answers": self.answers.tolist(),
            "tied": int(self.outcome.tied.sum()),
            **self.outcome.as_data(),
        }


def ranked(scores: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """Places of (B, n) scores from the highest on; equal ones by `second`, then by their place."""
    places = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    other = np.zeros_like(scores) if second is None else second
    order: np.ndarray = np.lexsort((places, -other, -scores), axis=-1)
    return order


@dataclass(frozen=True)
class Change:
    """What deployment changes of a classifier's answers.

    changed: samples whose answer is another; lost, gained: how many are right only before, only
    after.
    """

    changed: tuple[int, ...]
    lost: int
    gained: int

    @classmethod
    def of(cls, before: Classified, after: Classified, samples: Sequence[int]) -> Change:
        """The change from one form to another."""
        differ = np.flatnonzero(before.answers != after.answers)
        return cls(
            tuple(samples[int(n)] for n in differ),
            lost=int((before.right & ~after.right).sum()),
            gained=int((after.right & ~before.right).sum()),
        )

    @property
    def p_value(self) -> float:
        """McNemar's exact test: how probable so uneven a change is if neither form is better."""
        return mcnemar(self.lost, self.gained)

    def as_data(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "flips": list(self.changed), "lost": self.lost, "gained": self.gained,
            "mcnemar_p": self.p_value,
        }  # fmt: skip


def mcnemar(lost: int, gained: int) -> float:
    """The two-sided exact binomial p-value of `lost` against `gained` at a chance of a half."""
    n = lost + gained
    ways = tail = 1  # to choose k of n, and to choose at most k
    for k in range(min(lost, gained)):
        ways = ways * (n - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / 2**n)
