"""Samples of classes that are described by attributes, of which some classes are never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Split:
    """Samples x (N, D) and their classes (N,)."""

    x: Values
    label: NDArray[np.int64]

    def of(self, classes: NDArray[np.int64]) -> Split:
        """Those of some classes."""
        rows = np.isin(self.label, classes)
        return Split(self.x[rows], self.label[rows])

    def with_others(self, others: Split) -> Split:
        """These and others."""
        return Split(np.concatenate([self.x, others.x]), np.concatenate([self.label, others.label]))

    def first(self, count: int) -> Split:
        """So many of them, each class in turn: the first of each class, then the second ones."""
        order = np.argsort(self.label, kind="stable")
        ordered = self.label[order]
        turn = np.empty(len(order), np.int64)
        turn[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        chosen = np.sort(np.argsort(turn, kind="stable")[:count])
        return Split(self.x[chosen], self.label[chosen])

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Described:
    """Samples in [−1, 1] of classes seen and unseen, the latter in test alone or in both.

    table (C, A) in [0, 1]: attributes; unseen: the classes that no network is to learn from;
    low, high (D,): what the values −1 and 1 were before they were scaled.
    """

    train: Split
    test: Split
    table: NDArray[np.float64]
    unseen: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def seen(self) -> NDArray[np.int64]:
        """The classes that are learned from."""
        return np.setdiff1d(self.train.label, self.unseen)

    @property
    def known(self) -> NDArray[np.int64]:
        """All classes that are seen or to be told without having been seen."""
        return np.union1d(self.seen, self.unseen)

    @classmethod
    def of_features(
        cls, train: Split, test: Split, table: NDArray[np.float64], unseen: NDArray[np.int64]
    ) -> Described:
        """Features scaled to [−1, 1], each by its own range among the samples of seen classes that
        are trained on; what lies beyond is cut off, what never differs is −1."""
        own = train.x[~np.isin(train.label, unseen)]
        low, high = own.min(0).astype(np.float64), own.max(0).astype(np.float64)

        def scaled(some: Split) -> Split:
            span = np.where(high > low, high - low, 1)
            x = np.clip(2 * (some.x - low) / span - 1, -1, 1)
            return Split(x.astype(np.float32), some.label)

        return cls(scaled(train), scaled(test), table, unseen, low, high)
