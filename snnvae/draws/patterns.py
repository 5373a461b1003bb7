"""A choice among patterns of spikes, anew at each step, for each of several groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw, HostWork, Spikes, numbers, probabilities
from snnvae.draws.random_numbers import CHOICE, places, uniforms
from snnvae.draws.substream import own_substream, read_substream


@dataclass(frozen=True)
class Patterns(Draw):
    """Each group's k neurons show one of the rows of `table` at each step.

    table  (R, k), which neurons fire in a pattern
    p      (kinds, R), probabilities of the patterns
    kind_of  (groups,), which row of p holds for a group; N = groups·k, group by group
    substream  the number of its random numbers' sub-stream, as of `OneHot`
    """

    table: NDArray[np.bool_] = field(repr=False)
    p: NDArray[np.float64] = field(repr=False)
    kind_of: NDArray[np.int64] = field(repr=False)
    substream: int = CHOICE

    kind: ClassVar[str] = "patterns"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, groups·k)."""
        drawn = uniforms(seed, samples, self.substream, (steps, len(self.kind_of)))
        index = np.empty(drawn.shape, np.int64)
        for kind in np.unique(self.kind_of):
            own = self.kind_of == kind
            index[..., own] = places(drawn[..., own], self.p[kind])
        return self.table[index].reshape(*index.shape[:2], -1)

    def work(self, steps: int) -> HostWork:
        """A draw per group and step."""
        return HostWork(self.kind, draws=steps * len(self.kind_of))

    def stated(self) -> dict[str, Any]:
        """The table, the probabilities, and which hold for which group."""
        own = {"table": self.table.astype(np.uint8), "p": self.p, "kind_of": self.kind_of}
        return {**own, **own_substream(self.substream)}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Patterns:
        """Reads it as `Draw.read` does; groups·k is the input's size."""
        table = numbers(stated.get("table"), None, None)
        p = probabilities(stated.get("p"), None, len(table))
        kind_of = numbers(stated.get("kind_of"), None)
        if len(kind_of) * table.shape[1] != size or not np.isin(table, (0, 1)).all():
            raise ValueError(f"{len(kind_of)} groups of {table.shape[1]} for {size} neurons")
        if kind_of.dtype.kind not in "iu" or not np.isin(kind_of, np.arange(len(p))).all():
            raise ValueError("kind_of")
        substream = read_substream(stated)
        return cls(port, table.astype(bool), p, kind_of.astype(np.int64), substream)
