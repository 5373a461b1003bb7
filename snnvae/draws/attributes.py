"""The attributes of a sample's class as spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw, HostWork, Spikes, numbers
from snnvae.draws.label import at_every_step
from snnvae.draws.random_numbers import CHOICE, uniforms
from snnvae.draws.substream import own_substream, read_substream


@dataclass(frozen=True)
class Attributes(Draw):
    """Neuron a fires with probability table[c, a] at each step, c the sample's class: at every step
    where it is 1, never where it is 0.

    table (C, A) in [0, 1]; `Label` is the case of the identity. substream: the number of its random
    numbers' sub-stream, as of `OneHot`.
    """

    table: NDArray[Any] = field(repr=False)
    substream: int = CHOICE

    kind: ClassVar[str] = "attributes"

    @property
    def classes(self) -> int:
        """The rows of the table."""
        return len(self.table)

    @property
    def shows_class(self) -> bool:
        """True: the stream is what is known of the class."""
        return True

    @property
    def is_graded(self) -> bool:
        """Tells whether any attribute holds in part."""
        return bool(((self.table > 0) & (self.table < 1)).any())

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, A)."""
        rate = np.asarray(self.table, np.float64)[np.asarray(label, np.int64)]
        if not self.is_graded:
            return at_every_step(rate > 0, steps)
        return rate[:, None] > uniforms(seed, samples, self.substream, (steps, rate.shape[1]))

    def work(self, steps: int) -> HostWork:
        """A draw per attribute and step where any is graded, else none."""
        return HostWork(self.kind, draws=steps * self.table.shape[1] if self.is_graded else 0)

    def stated(self) -> dict[str, Any]:
        """The table, and the sub-stream."""
        return {"table": self.table, **own_substream(self.substream)}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Attributes:
        """Reads it as `Draw.read` does, with an attribute for each neuron of the input."""
        table = numbers(stated.get("table"), None, size)
        if ((table < 0) | (table > 1)).any():
            raise ValueError("attributes beyond 0 to 1")
        return cls(port, table, read_substream(stated))
