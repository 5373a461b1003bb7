"""A choice among k places, anew at each step, for each of several groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw, HostWork, Spikes, whole
from snnvae.draws.random_numbers import CHOICE, MOST, RESERVED, uniforms


@dataclass(frozen=True)
class OneHot(Draw):
    """One of each group's k neurons fires at each step, each as likely as the others.

    N = groups·k, group by group. substream: the number of its random numbers' sub-stream, another
    for each input of a network: 0, or from 4 on.
    """

    groups: int
    k: int
    substream: int = CHOICE

    kind: ClassVar[str] = "one-hot"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """The spikes of `choices`."""
        return one_hot(self.choices(samples, steps, seed), self.k)

    def choices(self, samples: Sequence[int], steps: int, seed: int) -> NDArray[np.int64]:
        """Returns which place each group takes at each step, on [0, k): (B, T, groups)."""
        drawn = uniforms(seed, samples, self.substream, (steps, self.groups))
        return np.floor(drawn * self.k).astype(np.int64)

    def work(self, steps: int) -> HostWork:
        """A draw per group and step."""
        return HostWork(self.kind, draws=steps * self.groups)

    def stated(self) -> dict[str, Any]:
        """groups, k, and the sub-stream where it is not the usual one."""
        own = {} if self.substream == CHOICE else {"substream": self.substream}
        return {"groups": self.groups, "k": self.k, **own}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> OneHot:
        """Reads it as `Draw.read` does; groups·k is the input's size."""
        groups, k = whole(stated.get("groups")), whole(stated.get("k"))
        if groups * k != size:
            raise ValueError(f"{groups} groups of {k} for {size} neurons")
        substream = whole(stated.get("substream", CHOICE), 0)
        if substream in RESERVED or substream >= MOST:
            raise ValueError(f"sub-stream {substream}")
        return cls(port, groups, k, substream)


def one_hot(index: NDArray[np.int64], k: int) -> Spikes:
    """(…, L) indices in [0, k) → (…, L·k) with one true per group, as view(L, k)."""
    hot = index[..., None] == np.arange(k)
    return hot.reshape(*index.shape[:-1], -1)
