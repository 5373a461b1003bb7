"""The Markov border by a white-box test: does another value of x_j move p(x_i | the rest)?

    shift(i, j) = mean over rows, and over the other values v of x_j, of
                  ½·Σ_k |p(x_i = k | rest, x_j) − p(x_i = k | rest, x_j = v)|

It is 0 where j is not in the Markov blanket of i. The area under the curve (AUC) is the chance that
a pair (i, j) of the true blanket has a larger shift than one that is not. A network in which values
follow from others does not show its blanket so: where a flip is impossible, p says nothing, and a
border that the rest decides already is not seen. The exact network's AUC stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import rankdata

from snnvae.errors import DataError
from snnvae.families.tables.judge import Probabilities
from snnvae.families.tables.network import Network, Rows

Conditionals = Callable[[Rows, NDArray[np.int64]], Probabilities]
"""(evidence (Q, N), the variable that is asked for (Q)) → its p (Q, most K)."""


DIGITS = 9
"""Of a shift: what is 0 but for rounding ties with what is 0."""


def shifts(conditionals: Conditionals, rows: Rows, counts: Sequence[int]) -> NDArray[np.float64]:
    """(N, N): how much another value of x_j moves p(x_i | the rest); rows (n, N), all known."""
    n, size = len(counts), len(rows)
    evidence, asked, pairs = [], [], []
    for i in range(n):
        rest = rows.copy()
        rest[:, i] = -1
        evidence.append(rest)
        asked.append(i)
        for j in range(n):
            for other in range(1, counts[j]) if j != i else ():
                moved = rest.copy()
                moved[:, j] = (rest[:, j] + other) % counts[j]
                evidence.append(moved)
                asked.append(i)
                pairs.append((len(evidence) - 1, i, j))
    found = conditionals(np.concatenate(evidence), np.repeat(asked, size))
    found = found.reshape(len(evidence), size, -1)
    first = {i: asked.index(i) for i in range(n)}
    total = np.zeros((n, n))
    for place, i, j in pairs:
        moved_by = np.abs(found[place] - found[first[i]]).sum(-1) / 2
        possible = moved_by[np.isfinite(moved_by)]
        if len(possible):
            total[i, j] += possible.mean() / (counts[j] - 1)
    return total


def exact(network: Network) -> Conditionals:
    """p(x_i | all others) of a network; no number where these are impossible."""

    def conditionals(evidence: Rows, variable: NDArray[np.int64]) -> Probabilities:
        counts = np.array([len(v.values) for v in network.variables])
        each = np.arange(len(evidence))
        found = np.full((len(evidence), counts.max()), -np.inf)
        for value in range(counts.max()):
            rows = evidence.copy()
            rows[each, variable] = np.minimum(value, counts[variable] - 1)
            own = network.log_likelihood(rows)
            found[:, value] = np.where(value < counts[variable], own, -np.inf)
        with np.errstate(invalid="ignore"):
            p: Probabilities = softmax(found, axis=1)
        return p

    return conditionals


def auc(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Of a square of scores (N, N), but for its diagonal; ties count a half.

    DataError where all pairs are in the blanket, or none is.
    """
    off = ~np.eye(len(score), dtype=bool)
    ranks, yes = rankdata(score[off].round(DIGITS)), truth[off]
    positive, negative = int(yes.sum()), int((~yes).sum())
    if not positive or not negative:
        raise DataError(
            "all pairs of variables, or none, are in each other's blanket: there is no border to "
            "tell; leave out `metric` border"
        )
    return float((ranks[yes].sum() - positive * (positive + 1) / 2) / (positive * negative))
