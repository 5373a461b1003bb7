"""Each source reaches some targets: lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.c.fan_out import FanOut, Sums
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.text import indented
from snnvae.deploy.c.weights import stored
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

    def body(self, sums: Sums) -> Sequence[str]:
        """One pass along the list."""
        begin, target, weight = (table.name for table in self.tables)
        return [
            f"const uint32_t end = {begin}[source + 1u];",
            f"TRACE_OPERATIONS(end - {begin}[source]);",
            f"for (uint32_t i = {begin}[source]; i < end; i++) {{",
            *indented([sums.add(f"{sums.name}[{target}[i]]", f"{weight}[i]")]),
            "}",
        ]
