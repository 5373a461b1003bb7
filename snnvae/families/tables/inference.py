"""Exact inference in a Bayesian network by variable elimination, for many evidences at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError
from snnvae.families.tables.network import Network, Rows

MOST_CELLS = 1 << 24
"""Of a table that elimination makes, of all evidences at a time."""
BATCH = 0
"""The axis of the evidences; variable i has axis i + 1."""


@dataclass(frozen=True, eq=False)
class _Factor:
    """A table over the variables of `scope`, ascending, the evidences first if `batched`."""

    scope: tuple[int, ...]
    values: NDArray[np.float64]
    batched: bool = False


def marginals(network: Network, evidence: Rows) -> NDArray[np.float64]:
    """p(x_i | evidence) of all variables side by side (B, Σ K); evidence (B, N), −1 where unknown.

    DataError for a network whose tables would be too large, and where the evidence is impossible.
    """
    order = _order(network)
    size = max(_cells(network, order), 1)
    if size > MOST_CELLS:
        raise DataError(
            f"exact inference takes tables of {size:,} numbers, of which {MOST_CELLS:,} are made; "
            "use a network of fewer parents"
        )
    at_once = max(1, min(len(evidence), MOST_CELLS // size))
    return np.concatenate(
        [
            _marginals(network, evidence[start : start + at_once], order)
            for start in range(0, len(evidence), at_once)
        ]
    )


def is_tractable(network: Network) -> bool:
    """Tells whether `marginals` can be had."""
    return _cells(network, _order(network)) <= MOST_CELLS


def _marginals(network: Network, evidence: Rows, order: Sequence[int]) -> NDArray[np.float64]:
    counts = [len(variable.values) for variable in network.variables]
    factors = [_table(network, i) for i in range(len(counts))]
    for i, count in enumerate(counts):
        told = (evidence[:, i, None] == np.arange(count)) | (evidence[:, i, None] < 0)
        factors.append(_Factor((i,), told.astype(np.float64), True))
    found = []
    for kept in range(len(counts)):
        left = list(factors)
        for i in order:
            if i != kept:
                mine = [f for f in left if i in f.scope]
                left = [f for f in left if i not in f.scope]
                left.append(_summed(mine, i))
        total = _summed(left, None).values
        weight = total.sum(1, keepdims=True)
        if (weight <= 0).any():
            raise DataError("the evidence is impossible: its probability is 0; give other evidence")
        found.append(total / weight)
    return np.concatenate(found, 1)


def _table(network: Network, i: int) -> _Factor:
    scope = [*network.parents[i], i]
    at = np.argsort(scope)
    return _Factor(tuple(sorted(scope)), np.transpose(network.tables[i], at))


def _summed(factors: Sequence[_Factor], over: int | None) -> _Factor:
    """The product of factors, summed over a variable."""
    product = factors[0]
    for i, factor in enumerate(factors[1:], 2):
        drop = over if i == len(factors) else None
        product = _times(product, factor, drop)
    if len(factors) == 1 and over is not None:
        axis = product.scope.index(over) + product.batched
        scope = tuple(v for v in product.scope if v != over)
        product = _Factor(scope, product.values.sum(axis), product.batched)
    return product


def _times(a: _Factor, b: _Factor, drop: int | None) -> _Factor:
    scope = tuple(sorted({*a.scope, *b.scope} - {drop}))
    names = {v: n for n, v in enumerate(sorted({*a.scope, *b.scope}), 1)}
    batched = a.batched or b.batched

    def axes(scope: Sequence[int], batched: bool) -> list[int]:
        return [*([BATCH] if batched else []), *(names[v] for v in scope)]

    operands: list[Any] = [a.values, axes(a.scope, a.batched), b.values, axes(b.scope, b.batched)]
    values: NDArray[np.float64] = np.einsum(*operands, axes(scope, batched))
    return _Factor(scope, values, batched)


def _order(network: Network) -> list[int]:
    """Elimination: always the variable whose neighbours make the smallest table."""
    return [i for i, _ in _eliminations(network)]


def _cells(network: Network, order: Sequence[int]) -> int:
    """The size of the largest table on the way; one variable more is kept in each."""
    most = max(len(variable.values) for variable in network.variables)
    return max(size for _, size in _eliminations(network)) * most


def _eliminations(network: Network) -> Iterator[tuple[int, int]]:
    counts = [len(variable.values) for variable in network.variables]
    near: list[set[int]] = [set() for _ in counts]
    for i, parents in enumerate(network.parents):
        for a in (i, *parents):
            near[a] |= {i, *parents}
    left = set(range(len(counts)))
    while left:
        i = min(left, key=lambda v: (prod(counts[w] for w in near[v]), v))
        yield i, prod(counts[w] for w in near[i])
        left.remove(i)
        for a in near[i] - {i}:
            near[a] = (near[a] | near[i]) - {i}
