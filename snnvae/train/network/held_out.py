"""Samples that are held out of a training, to judge it by."""

from __future__ import annotations

import numpy as np

from snnvae.errors import ConfigError
from snnvae.plain_text import counted
from snnvae.train.randomness import held_back


def held_out(answers: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(numbers of the samples held out, of the others), sorted: a share of them, of classes (B,)
    the same share of each. One at least is on either side, of each class that has two samples.

    ConfigError where nothing would be left on a side.
    """
    groups = [np.arange(len(answers))]
    if answers.ndim == 1:
        groups = [np.flatnonzero(answers == each) for each in np.unique(answers)]
    held, rest = [], []
    for group in groups:
        out, kept = held_back(seed, len(group), min(share, 1 - 1 / len(group)))
        held.append(group[out])
        rest.append(group[kept])
    found = np.sort(np.concatenate(held)), np.sort(np.concatenate(rest))
    if not all(map(len, found)):
        raise ConfigError(
            f"`validation` {share:g} of {counted(len(answers), 'sample')} leaves {len(found[0])} "
            f"to judge by and {len(found[1])} to train on; give more samples or another share"
        )
    return found
