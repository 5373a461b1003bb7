"""The draws of the host for a network, and its work between two of them, as data.

Nothing random happens on a chip: randomness is an input, so that one seed gives the same spikes on
every backend.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Spikes = NDArray[np.bool_]
ROUNDING = 1e-9
"""By which the sum of probabilities in float64 may miss 1, and they are taken as they are."""
SINGLE = 2.0**-24
"""By which float32 rounds, as a share of a number."""
MOST = 1e6
"""Of any weight, bias, mean or factor that a rate is made of: sums of them stay finite."""


@dataclass(frozen=True)
class HostWork:
    """Operations of the host for one sample: counted, and never priced."""

    kind: str
    draws: int = 0
    macs: int = 0
    sigmoids: int = 0

    @property
    def operations(self) -> int:
        """The number of all operations."""
        return self.draws + self.macs + self.sigmoids

    def __str__(self) -> str:
        counts = {"random draws": self.draws, "MACs": self.macs, "sigmoids": self.sigmoids}
        return ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)


@dataclass(frozen=True)
class Draw(ABC):
    """The stream of one input, `port`."""

    port: str

    kind: ClassVar[str]

    @property
    def classes(self) -> int:
        """The number of classes that it may be asked for; 0 if it does not depend on a class."""
        return 0

    @property
    def shows_class(self) -> bool:
        """Tells whether its stream is the class itself."""
        return False

    @abstractmethod
    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """Spikes (B, T, N) for the samples of these indices; label: their classes, if it has any.

        Sample n is the same for any batch, order and number of samples.
        """

    @abstractmethod
    def work(self, steps: int) -> HostWork:
        """Returns what drawing it for one sample takes."""

    @abstractmethod
    def stated(self) -> dict[str, Any]:
        """Returns its parameters as metadata states them, without kind and port."""

    @classmethod
    @abstractmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Self:
        """Reads it from metadata that anybody may have written; ValueError where it makes no sense.

        size: of the input.
        """


@dataclass(frozen=True)
class HostStep(ABC):
    """A step of the host from the spikes of one network to the next one's input.

    classes: how many the next one may be asked for.
    """

    classes: int = 0

    kind: ClassVar[str]

    @abstractmethod
    def stream(self, spikes: NDArray[Any], samples: Sequence[int], seed: int) -> Spikes:
        """Spikes (B, T, N) → spikes (B, T, N)."""

    @abstractmethod
    def work(self, steps: int, size: int) -> HostWork:
        """Returns what it takes for one sample of N = size."""


def probabilities(value: object, *shape: int | None) -> NDArray[np.float64]:
    """Probabilities of that shape, 1 together in each row; ValueError for anything else.

    Where float32 has rounded them they are divided by their sum: of k numbers over their sum, that
    is wrong by at most k − 1 roundings, a quotient by one, and decimals of it by one more.
    """
    found = np.asarray(numbers(value, *shape), np.float64)
    total = found.sum(-1, keepdims=True)
    missed = abs(total - 1)
    if (found < 0).any() or (missed > ROUNDING + (found.shape[-1] + 1) * SINGLE).any():
        raise ValueError("no probabilities")
    rounded = missed > ROUNDING
    return np.where(rounded, found / total, found) if rounded.any() else found


def whole(value: object, least: int = 1) -> int:
    """A whole number; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{value!r} is no whole number from {least} up")
    return int(value)


def bounded(value: object, *shape: int | None) -> NDArray[Any]:
    """Numbers of that shape within ±`MOST`; ValueError for anything else."""
    found = numbers(value, *shape)
    if abs(found.astype(np.float64)).max() > MOST:
        raise ValueError("numbers beyond all bounds")
    return found


def numbers(value: object, *shape: int | None) -> NDArray[Any]:
    """Finite numbers of that shape, None standing for any size; ValueError for anything else."""
    found = np.asarray(value)
    fits = found.ndim == len(shape) and all(w in (None, h) for w, h in zip(shape, found.shape))
    if found.dtype.kind not in "fiu" or not fits or not found.size or not np.isfinite(found).all():
        raise ValueError(f"not numbers of shape {shape}")
    return found
