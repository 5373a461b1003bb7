"""Each source reaches its twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.c.fan_out import FanOut, Sums
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.weights import Stored


@dataclass(frozen=True, eq=False)
class Twins(FanOut):
    """weight[source], or one weight for all."""

    weight: str

    @classmethod
    def of(cls, weights: Stored, name: str) -> Twins:
        """weights: a weight for each source."""
        same, flat = weights.same, weights.values.reshape(-1)
        if same is not None:
            return cls((), weights.times, np.ones(flat.size, np.int64), str(same))
        table = Table(f"weights_{name}", flat, "[source]", weights.told, signed=True)
        return cls((table,), weights.times, np.ones(flat.size, np.int64), f"{table.name}[source]")

    @property
    def told(self) -> str:
        """One to one."""
        return "a weight for each source" if self.tables else "one weight for all"

    def body(self, sums: Sums) -> Sequence[str]:
        """One addition."""
        return ["TRACE_OPERATIONS(1u);", sums.add(f"{sums.name}[source]", self.weight)]
