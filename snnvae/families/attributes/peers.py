"""What the generated samples stand beside: a linear-Gaussian model, attributes predicted directly,
and a classifier that has seen everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnvae.extras import require
from snnvae.families.attributes.data.described import Described, Split
from snnvae.families.attributes.recognise import Recognised, figures_of

LATENT = 20
"""Dimensions of the linear model's latents."""
LEAST = 1e-6


def linear_gaussian(data: Described, label: NDArray[np.int64], seed: int) -> Split:
    """Samples of a conditional VAE with a linear decoder, whose best values are known.

        x = B·[1 ; a] + W·n + noise,   n ~ N(0, I)

    B by least squares, W by probabilistic PCA of what is left (Tipping & Bishop): its principal
    axes, of length √(variance − σ²), σ² the mean of the other variances. Samples are without noise,
    as a VAE's are.
    """
    train = data.train.of(data.seen)
    b = np.linalg.lstsq(_with_one(data.table[train.label]), train.x, rcond=None)[0]
    left = train.x - _with_one(data.table[train.label]) @ b
    _, lengths, axes = np.linalg.svd(left, full_matrices=False)
    variances = lengths**2 / len(left)
    m = min(LATENT, len(variances) - 1)
    noise = variances[m:].mean()
    w = axes[:m] * np.sqrt(np.maximum(variances[:m] - noise, 0))[:, None]
    normal = np.random.Generator(np.random.Philox(key=seed)).normal(size=(len(label), m))
    return Split(_with_one(data.table[label]) @ b + normal @ w, label)


def direct_attributes(data: Described) -> Recognised:
    """Direct attribute prediction (Lampert et al.): each attribute is predicted from x, by logistic
    regression on seen classes, and of the classes that one is chosen whose attributes are the
    likeliest: Σ_a log p(a = a_c | x) is largest.

    Graded attributes count as present above their mean over seen classes; those that all seen
    classes share are left out.
    """
    require("sklearn")
    from sklearn.linear_model import LogisticRegression

    train = data.train.of(data.seen)
    present = data.table > data.table[data.seen].mean(0)
    logits = np.zeros((len(data.test), len(data.table)))
    for column in present.T:
        known = column[train.label]
        if known.all() or not known.any():
            continue
        p = LogisticRegression(max_iter=1000).fit(train.x, known).predict_proba(data.test.x)
        logits += np.log(np.clip(p, LEAST, 1))[:, column.astype(np.int64)]

    def best(of: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen: NDArray[np.int64] = of[logits[:, of].argmax(1)]
        return chosen

    return figures_of(best(data.unseen), best(data.known), data)


def _with_one(a: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.ones(len(a)), a])
