"""What a source that fired adds to the sums of a layer: a kind of code for each kind of weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.c.table import Table

Add = Callable[[str, str], str]
"""(index of the target, weight) → the statement that adds the weight to the target's sum."""


@dataclass(frozen=True, eq=False)
class FanOut(ABC):
    """The synapses of a connection as C, seen from a `source`.

    times: by which the stored weights are multiplied. of_source: additions for each source that
    fires, int64 (n_in,).
    """

    tables: tuple[Table, ...]
    times: int
    of_source: np.ndarray

    @property
    def operations(self) -> int:
        """Additions where all sources fire."""
        return int(self.of_source.sum())

    @property
    @abstractmethod
    def told(self) -> str:
        """How the weights lie, for a comment."""

    @abstractmethod
    def body(self, add: Add) -> Sequence[str]:
        """The statements for one `source`."""

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return sum(table.size for table in self.tables)
