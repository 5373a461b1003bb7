"""Each source reaches some targets: lists of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.weights import stored
from snnvae.primitive import Synapse


@dataclass(frozen=True, eq=False)
class Sparse(FanOut):
    """Synapses begin[source] to begin[source + 1] − 1, each a target and a weight."""

    name: str

    @classmethod
    def of(cls, synapse: Synapse, name: str) -> Sparse:
        """The synapses whose weight is not zero."""
        matrix = synapse.matrix().tocsc()
        matrix.sort_indices()
        weights = stored(np.asarray(matrix.data))
        columns = (
            ("begin", matrix.indptr, "[source]", "its first synapse", False),
            ("target", matrix.indices, "[synapse]", "its target", False),
            ("weights", weights.values, "[synapse]", weights.told, True),
        )
        tables = tuple(
            Table(f"{what}_{name}", np.asarray(values), index, told, signed=signed)
            for what, values, index, told, signed in columns
        )
        return cls(tables, weights.times, np.diff(matrix.indptr), name)

    @property
    def told(self) -> str:
        """A list per source."""
        return f"{self.operations:,} synapses, a list for each source"
