"""Samples of classes that are described by attributes, of which some classes are never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Split:
    """Samples x (N, D) and their classes (N,)."""

    x: NDArray[np.float32]
    label: NDArray[np.int64]

    def of(self, classes: NDArray[np.int64]) -> Split:
        """Those of some classes."""
        rows = np.isin(self.label, classes)
        return Split(self.x[rows], self.label[rows])

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Described:
    """train and test hold samples of classes seen and unseen; table (C, A) in [0, 1]; unseen: the
    classes that training never sees."""

    train: Split
    test: Split
    table: NDArray[np.float64]
    unseen: NDArray[np.int64]
    span: tuple[float, float]

    @property
    def seen(self) -> NDArray[np.int64]:
        """The other classes."""
        return np.setdiff1d(np.arange(len(self.table)), self.unseen)
