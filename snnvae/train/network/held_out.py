"""Samples that are held out of a training, to judge it by."""

from __future__ import annotations

import numpy as np

from snnvae.errors import ConfigError
from snnvae.train.randomness import held_back


def held_out(answers: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(numbers of the samples held out, of the others), sorted: a share of them, of classes (B,)
    the same share of each that has two samples or more.

    ConfigError where nothing would be left on either side.
    """
    groups = [np.arange(len(answers))]
    if answers.ndim == 1:
        groups = [np.flatnonzero(answers == each) for each in np.unique(answers)]
    held, rest = [], []
    for group in groups:
        out, kept = held_back(seed, len(group), share if len(group) > 1 else 0.0)
        held.append(group[out])
        rest.append(group[kept])
    found = np.sort(np.concatenate(held)), np.sort(np.concatenate(rest))
    if not all(map(len, found)):
        raise ConfigError(
            f"`validation` {share:g} of {len(answers)} samples leaves {len(found[0])} to judge by "
            f"and {len(found[1])} to train on; give more samples or another share"
        )
    return found
