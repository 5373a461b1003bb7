"""How good drawn rows are: conditional probabilities of single variables against what is known.

    p̂(x_i = k | e) = (n_k + ½) / (S + K_i/2)      n_k of S draws under the same evidence e

The half keeps what was never drawn possible. Of a query the target is the exact p(x_i | e) of each
unknown variable, where the network is known, else the held-out row's own value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.evidence import one_hot_rows
from snnvae.families.tables.inference import marginals
from snnvae.families.tables.network import Network, Rows

PRIOR = 0.5
"""Counted beside what was drawn, of each value (Krichevsky and Trofimov)."""
Probabilities = NDArray[np.float64]
"""(…, Σ K): of all variables' values side by side."""


@dataclass(frozen=True)
class Queries:
    """evidence (Q, N), −1 where unknown; target (Q, Σ K), 0 for all values of what is not asked."""

    evidence: Rows
    target: Probabilities


def queries_of(
    rows: Rows, counts: Sequence[int], random: np.random.Generator, network: Network | None = None
) -> Queries:
    """Asks for what a random part of each row hides: each variable is known with a probability that
    is uniform per row, and one at least is asked for, if any value is there."""
    known = random.random(rows.shape) < random.random((len(rows), 1))
    each, lucky = np.arange(len(rows)), random.integers(0, rows.shape[1], len(rows))
    there = (rows >= 0).argmax(1)  # for rows whose lucky one is missing
    known[each, np.where(rows[each, lucky] >= 0, lucky, there)] = False
    evidence = np.where(known, rows, -1)
    target = one_hot_rows(rows, counts).astype(np.float64)
    if network is not None:
        target = marginals(network, evidence)
    owner = np.repeat(np.arange(len(counts)), counts)
    return Queries(evidence, target * ((evidence < 0) & (rows >= 0))[:, owner])


def frequencies(drawn: NDArray[np.floating], counts: Sequence[int]) -> Probabilities:
    """p̂ of counts n (…, Σ K) of draws."""
    first: list[int] = (np.cumsum(counts) - counts).tolist()
    totals = np.add.reduceat(drawn + PRIOR, first, axis=-1)
    found: Probabilities = (drawn + PRIOR) / np.repeat(totals, counts, axis=-1)
    return found


def surprise(target: Probabilities, found: Probabilities) -> float:
    """−Σ target·ln found, the mean over the variables that are asked for."""
    return float(-(target * np.log(found)).sum() / target.sum())


def entropy(target: Probabilities) -> float:
    """The least that `surprise` can be; 0 of rows' own values."""
    return float(-(target * np.log(np.where(target > 0, target, 1))).sum() / target.sum())


def judged(target: Probabilities, found: Probabilities) -> dict[str, float]:
    """nll, in nats per variable asked for; kl, what of it the exact probabilities do not have."""
    nll, least = surprise(target, found), entropy(target)
    return {"nll": nll, **({"kl": nll - least} if least else {})}
