"""Each source reaches its twin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.weights import Stored


@dataclass(frozen=True, eq=False)
class Twins(FanOut):
    """weight[source], or one `weight` for all."""

    weight: int | None

    @classmethod
    def of(cls, weights: Stored, name: str) -> Twins:
        """weights: a weight for each source."""
        same, flat = weights.same, weights.values.reshape(-1)
        if same is not None:
            return cls((), weights.times, np.ones(flat.size, np.int64), same)
        table = Table(f"weights_{name}", flat, "[source]", weights.told, signed=True)
        return cls((table,), weights.times, np.ones(flat.size, np.int64), None)

    @property
    def told(self) -> str:
        """One to one."""
        return "a weight for each source" if self.tables else "one weight for all"
