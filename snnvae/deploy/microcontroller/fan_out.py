"""The synapses of a connection, as they lie in flash and seen from a source that fires."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.microcontroller.table import Table


@dataclass(frozen=True, eq=False)
class FanOut(ABC):
    """What a source reaches; a kind for each kind of weights, and for each a way to write it.

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

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return sum(table.size for table in self.tables)
