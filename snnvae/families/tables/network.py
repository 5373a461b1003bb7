"""A Bayesian network of discrete variables: p(x) = Π_i p(x_i | parents of x_i)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.evidence import Variable

Rows = NDArray[np.int64]
"""(n, N): the place of each variable's value among its values, −1 where it is not known."""


@dataclass(frozen=True, eq=False)
class Network:
    """parents[i]: places of variable i's parents, each before i; tables[i]: p(x_i | parents), of
    shape (K of each parent …, K_i)."""

    variables: tuple[Variable, ...]
    parents: tuple[tuple[int, ...], ...]
    tables: tuple[NDArray[np.float64], ...]

    def sample(self, count: int, seed: int, stream: int = 0) -> Rows:
        """`count` rows, drawn variable by variable; stream: another one, other rows."""
        random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, stream]))
        rows = np.zeros((count, len(self.variables)), np.int64)
        for i, (parents, table) in enumerate(zip(self.parents, self.tables)):
            p = table[tuple(rows[:, list(parents)].T)] if parents else table[None]
            bounds = np.cumsum(p, axis=-1)[..., :-1]
            rows[:, i] = (random.random((count, 1)) >= bounds).sum(-1)
        return rows

    def log_likelihood(self, rows: Rows) -> NDArray[np.float64]:
        """ln p of whole rows (n)."""
        total = np.zeros(len(rows))
        with np.errstate(divide="ignore"):
            for i, (parents, table) in enumerate(zip(self.parents, self.tables)):
                total += np.log(table[tuple(rows[:, [*parents, i]].T)])
        return total

    def blankets(self) -> NDArray[np.bool_]:
        """(N, N): whether j is in the Markov blanket of i: parents, children, their parents."""
        n = len(self.variables)
        found = np.zeros((n, n), bool)
        for i, parents in enumerate(self.parents):
            family = [i, *parents]
            found[np.ix_(family, family)] = True
        return found & ~np.eye(n, dtype=bool)


def topological(parents: Sequence[Sequence[int]]) -> list[int] | None:
    """The variables with each one's parents before it, otherwise in their order; None if they run
    in a circle."""
    order: list[int] = []
    done: set[int] = set()
    while len(order) < len(parents):
        free = [i for i in range(len(parents)) if i not in done and done.issuperset(parents[i])]
        if not free:
            return None
        order += free
        done.update(free)
    return order
