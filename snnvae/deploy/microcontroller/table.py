"""Constants: an array in the smallest integers that hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SIGNED = (np.int8, np.int16, np.int32, np.int64)
_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


def integer_type(values: np.ndarray) -> type:
    """The smallest integers of NumPy that hold all values, unsigned where none is negative."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    kinds = _SIGNED if low < 0 else _UNSIGNED
    return next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max)


@dataclass(frozen=True, eq=False)
class Table:
    """A constant array `name` with a comment; signed where its values may be negative.

    values: of several axes where those of the last are read together. index: what leads to a value,
    such as "[source][target]".
    """

    name: str
    values: np.ndarray
    index: str
    comment: str
    signed: bool = False

    @property
    def kind(self) -> str:
        """Its integers, such as int8."""
        held = np.append(self.values, -1) if self.signed else self.values
        return np.dtype(integer_type(held)).name

    @property
    def row(self) -> int:
        """How many values are read together; 1 where each is read alone."""
        return int(self.values.shape[-1]) if self.values.ndim > 1 else 1

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return self.values.size * np.dtype(self.kind).itemsize
