"""Measures how the prior differs from the aggregate posterior, and in which latents and classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.families.images.diagnosis.latents import Latents, Values
from snnvae.families.images.diagnosis.result import LatentDifference, PriorFit
from snnvae.families.images.losses import mmd

FOLDS = 5
MMD_SAMPLES = 500
"""Of each side: memory goes with their square."""
ACTIVE_VARIANCE = 0.01
"""Variance over images of a latent's expected rate above which it is active: the threshold of
Burda, Grosse, Salakhutdinov, arXiv 1509.00519, there for the mean of a Gaussian latent."""
CERTAIN = 1e-4
"""Probabilities of the classifier are kept this far from 0 and 1."""
LISTED = 5


def compare(latents: Latents, seed: int) -> PriorFit:
    """Returns all figures of the two crowds.

    A classifier (logistic regression or gradient-boosted trees, the better one by cross-validated
    log loss) is taught to tell posterior from prior. With its log-odds s, KL(q‖p) ≥
    E_q[s] − ln E_p[eˢ] for any s (Donsker and Varadhan 1975), with equality for the true log-odds.
    MMD² is ESVAE's, beside that of the same latents dealt at random to two crowds.
    """
    q, p = latents.posterior, latents.prior
    labels, odds = _log_odds(q, p, seed)
    of_q, of_p = odds[labels == 1], odds[labels == 0]
    bound = of_q.mean() - np.log(np.mean(np.exp(of_p)))
    rng = np.random.default_rng(seed)
    a, b = (rng.permutation(x)[:MMD_SAMPLES] for x in (q, p))
    dealt = rng.permutation(np.concatenate([a, b]))
    difference = q.mean(0) - p.mean(0)
    order = np.argsort(-np.abs(difference), kind="stable")[:LISTED]
    return PriorFit(
        samples=len(q),
        mmd2=_mmd(a, b),
        mmd2_if_same=_mmd(dealt[: len(a)], dealt[len(a) :]),
        accuracy=float(np.mean((odds > 0) == (labels == 1))),
        auc=_auc(labels, odds),
        kl_nats=max(0.0, float(bound)),
        latents=q.shape[1],
        active=int(np.sum(_explained(latents) > ACTIVE_VARIANCE)),
        silent=int(np.sum(_extreme(latents, 0.0))),
        always_on=int(np.sum(_extreme(latents, 1.0))),
        differences=tuple(
            LatentDifference(int(i), float(q[:, i].mean()), float(p[:, i].mean())) for i in order
        ),
    )


def prior_classes(
    latents: Latents,
    labels: NDArray[np.int64],
    held_out: Values,
    held_out_labels: NDArray[np.int64],
) -> tuple[Mapping[int, float], float]:
    """The share of the prior's draws that a logistic regression on the posterior's rates gives to
    each class, and that regression's accuracy on held-out latents."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    judge.fit(latents.posterior, labels)
    drawn = judge.predict(latents.prior)
    shares = {int(c): float(np.mean(drawn == c)) for c in np.unique(labels)}
    return shares, float(judge.score(held_out, held_out_labels))


def _log_odds(q: Values, p: Values, seed: int) -> tuple[Values, Values]:
    """Labels (1: posterior), and log-odds of each latent by a judge that has not seen it: straight
    or crooked, whichever errs less."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x, labels = np.concatenate([q, p]), np.repeat([1.0, 0.0], [len(q), len(p)])
    state = seed % (1 << 32)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=state)
    judges = (
        LogisticRegression(max_iter=1000),
        HistGradientBoostingClassifier(early_stopping=False, random_state=state),
    )
    found = [
        cross_val_predict(judge, x, labels, cv=folds, method="predict_proba")[:, 1].clip(
            CERTAIN, 1 - CERTAIN
        )
        for judge in judges
    ]
    likely = min(found, key=lambda probabilities: log_loss(labels, probabilities))
    return labels, np.log(likely / (1 - likely))


def _auc(labels: Values, odds: Values) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, odds))


def _mmd(a: Values, b: Values) -> float:
    return float(mmd(torch.from_numpy(a).float(), torch.from_numpy(b).float()))


def _explained(latents: Latents) -> Values:
    """Variance over images of each latent's expected rate: the covariance of two draws, in which
    the draws' own variance does not show."""
    a, b = (x - x.mean(0) for x in (latents.posterior, latents.again))
    covariance: Values = (a * b).sum(0) / max(1, len(a) - 1)
    return covariance


def _extreme(latents: Latents, rate: float) -> NDArray[np.bool_]:
    """Latents that have this rate in every draw of the posterior."""
    both = np.concatenate([latents.posterior, latents.again])
    extreme: NDArray[np.bool_] = (both == rate).all(0)
    return extreme
