"""Data sets by name: images as float32 in [−1, 1], split once and for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError

DATASETS = ("digits",)

DIGITS_HELD_OUT = 297
DIGITS_LEVELS = 16
"""Grey levels above black in scikit-learn's digits."""
SPLIT_SEED = 0


@dataclass(frozen=True)
class Split:
    """Images (N, C, H, W) to train on and to judge by, with their classes (N,)."""

    train: NDArray[np.float32]
    test: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]


def load(name: str) -> Split:
    """The data set of that name.

    'digits': the 1,797 handwritten 8×8 digits that scikit-learn ships (UCI, Alpaydin & Kaynak
    1998), 1,500 to train on and 297 held out, chosen by a fixed permutation.
    """
    if name != "digits":
        raise DataError(f"no data set {name!r}: there is {', '.join(DATASETS)}")
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 1, 8, 8) * (2 / DIGITS_LEVELS) - 1).astype(np.float32)
    order = np.random.Generator(np.random.Philox(key=SPLIT_SEED)).permutation(len(images))
    train, test = order[DIGITS_HELD_OUT:], order[:DIGITS_HELD_OUT]
    labels = labels.astype(np.int64)
    return Split(images[train], images[test], labels[train], labels[test])
