"""Every source reaches every target: a row of weights for each source."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.weights import Stored
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


def columns(synapse: Synapse) -> np.ndarray:
    """(n_in, n_out): the weights of any synapse, source by source."""
    return synapse.matrix().toarray().T
