"""What a conditional model is held against: independent variables, and the best tree of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.evidence import Variable, one_hot_rows
from snnvae.families.tables.network import Network, Rows

PRIOR = 0.5
"""Counted beside the rows, of each value."""


def independent(variables: Sequence[Variable], rows: Rows) -> Network:
    """Each variable by itself, as often as its values occur."""
    return _fitted(variables, rows, [()] * len(variables))


def chow_liu(variables: Sequence[Variable], rows: Rows) -> Network:
    """The tree of most mutual information between neighbours (Chow and Liu, 1968), its variables
    in their own order: parents may come later."""
    n = len(variables)
    shared = mutual_information(variables, rows)
    parents: list[tuple[int, ...]] = [()] * n
    inside = [0]
    while len(inside) < n:
        outside = [i for i in range(n) if i not in inside]
        among = shared[np.ix_(inside, outside)]
        a, b = np.unravel_index(among.argmax(), among.shape)
        parents[outside[b]] = (inside[a],)
        inside.append(outside[b])
    return _fitted(variables, rows, parents)


def mutual_information(variables: Sequence[Variable], rows: Rows) -> NDArray[np.float64]:
    """I(x_i; x_j) in nats (N, N), of the rows in which both are known."""
    counts = [len(variable.values) for variable in variables]
    hot = one_hot_rows(rows, counts).astype(np.float64)
    owner = np.repeat(np.arange(len(counts)), counts)
    sums = np.zeros((len(owner), len(counts)))
    sums[np.arange(len(owner)), owner] = 1
    both = hot.T @ hot
    total = np.maximum(sums.T @ both @ sums, 1)[np.ix_(owner, owner)]
    # Of each pair of variables the marginals among the rows that have both.
    mine = (both @ sums)[:, owner] / total
    p = both / total
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p / (mine * mine.T)), 0)
    found: NDArray[np.float64] = sums.T @ terms @ sums
    return found


def _fitted(
    variables: Sequence[Variable], rows: Rows, parents: Sequence[tuple[int, ...]]
) -> Network:
    """The network of these parents, one at most for each, by the counts of its rows."""
    tables = []
    for i, above in enumerate(parents):
        family = [*above, i]
        known = rows[(rows[:, family] >= 0).all(1)]
        table = np.full([len(variables[j].values) for j in family], PRIOR)
        np.add.at(table, tuple(known[:, family].T), 1)
        tables.append(table / table.sum(-1, keepdims=True))
    return Network(tuple(variables), tuple(parents), tuple(tables))
