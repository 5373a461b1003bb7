"""Every source reaches every target: a row of weights for each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from snnvae.deploy.c.fan_out import FanOut, Row, Sums
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.weights import Stored
from snnvae.primitive import Synapse


@dataclass(frozen=True, eq=False)
class Dense(FanOut):
    """weight[source][target]."""

    name: str
    targets: int

    @classmethod
    def of(cls, synapse: Synapse, weights: Stored, name: str) -> Dense:
        """The rows; weights: of `columns` of the synapse."""
        targets = prod(synapse.out_shape)
        index = "[source][target]"
        table = Table(f"weights_{name}", weights.values, index, weights.told, signed=True)
        return cls((table,), weights.times, np.full(len(weights.values), targets), name, targets)

    @property
    def told(self) -> str:
        """A row per source."""
        return f"a row of {self.targets} weights for each source"

    def body(self, sums: Sums) -> Sequence[str]:
        """One pass along the row."""
        (table,), place = self.tables, "source" if self.targets == 1 else "row"
        row = [] if self.targets == 1 else [f"const uint32_t row = source * {self.targets}u;"]
        return [
            *row,
            f"TRACE_OPERATIONS({self.targets}u);",
            *sums.row(self.targets, "", 1, Row(table, place)),
        ]


def columns(synapse: Synapse) -> np.ndarray:
    """(n_in, n_out): the weights of any synapse, source by source."""
    return synapse.matrix().toarray().T
