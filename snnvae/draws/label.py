"""The class of a sample as spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw, HostWork, Spikes, whole


@dataclass(frozen=True)
class Label(Draw):
    """The neuron of each sample's class fires at every step, no other does."""

    count: int

    kind: ClassVar[str] = "label"

    @property
    def classes(self) -> int:
        """A neuron each."""
        return self.count

    @property
    def shows_class(self) -> bool:
        """True: the stream is the class."""
        return True

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, classes)."""
        return class_spikes(label, self.count, steps)

    def work(self, steps: int) -> HostWork:
        """Returns no work: nothing is drawn."""
        return HostWork(self.kind)

    def stated(self) -> dict[str, Any]:
        """Returns the number of classes, as metadata states it."""
        return {"classes": self.count}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Label:
        """Reads it as `Draw.read` does, with a class for each neuron of the input."""
        count = whole(stated.get("classes"))
        if count != size:
            raise ValueError(f"{count} classes for {size} neurons")
        return cls(port, count)


def class_spikes(label: Sequence[int], classes: int, steps: int) -> Spikes:
    """One-hot classes at every step → (B, T, classes)."""
    hot = np.asarray(label, np.int64)[:, None] == np.arange(classes)
    return at_every_step(hot, steps)


def at_every_step(fires: NDArray[np.bool_], steps: int) -> Spikes:
    """Neurons (B, N) that fire at every step or never → (B, T, N)."""
    return np.repeat(fires[:, None], steps, axis=1)


def classes_in_turn(samples: Sequence[int], classes: int) -> tuple[int, ...]:
    """Sample n is of class n mod `classes`, so that any number of samples shows all."""
    return tuple(n % classes for n in samples)
