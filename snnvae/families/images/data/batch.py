"""A batch of CIFAR-10: a Python pickle, read without running anything that it names.

A pickle builds arrays by calling functions that it names. Here all names but three are refused,
and these stand for records of what they were given, so that no array is made, and no memory
taken, before the sizes are known.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError
from snnvae.plain_text import words_of

SIDE = 32
CHANNELS = 3
VALUES = CHANNELS * SIDE * SIDE
CLASSES = 10
MAX_BYTES = 64 << 20
"""A published batch has 31 MB."""
MAX_MEMO = 1 << 20
"""Entries of the unpickler's table, which it makes as large as the file asks; published: < 2¹⁵."""
PIXEL_TYPES = (b"u1", "u1")


def read_batch(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A batch file's content → pixels (N, 3, 32, 32), classes (N,).

    The pickle is a dictionary with bytes as keys: data, an array (N, 3072) of bytes, red, green,
    blue, row by row; labels, a list of N numbers from 0 to 9. Raises DataError otherwise.
    """
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name.endswith("PUT") and int(argument or 0) > MAX_MEMO:
                raise pickle.UnpicklingError("it asks for too large a table")
        found = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(found, dict) or not {b"data", b"labels"} <= found.keys():
            raise pickle.UnpicklingError("it has no data and labels")
        return _pixels(found[b"data"]), _labels(found[b"labels"], found[b"data"].rows)
    except Exception as error:  # a malformed pickle raises nearly anything
        raise DataError(
            f"{name}: not a batch of CIFAR-10's Python version ({words_of(error)}); fetch it again"
        ) from None


class _Type:
    """Stands for numpy.dtype: a type's name, and its byte order, which bytes have none of."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        """The byte order and what structured types would need; of no concern to bytes."""


class _Array:
    """Stands for numpy.ndarray: shape, type and bytes, as they come."""

    rows: int
    values: bytes

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, values = state
        if not (isinstance(shape, tuple) and len(shape) == 2 and shape[1] == VALUES):
            raise pickle.UnpicklingError(f"the images are not N × {VALUES} values")
        if not (isinstance(kind, _Type) and kind.name in PIXEL_TYPES and not fortran):
            raise pickle.UnpicklingError("the images are not bytes, row by row")
        if not isinstance(values, bytes) or len(values) != shape[0] * VALUES or not values:
            raise pickle.UnpicklingError("the images have fewer or more bytes than they state")
        self.rows, self.values = shape[0], values


def _reconstruct(*_: Any) -> _Array:
    """Stands for NumPy's function that makes an empty array, to be filled by __setstate__."""
    return _Array()


NAMES = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """One of our stand-ins, or an error."""
        if (module, name) not in NAMES:
            raise pickle.UnpicklingError(f"it asks for {module[:80]}.{name[:80]}")
        return NAMES[module, name]


def _pixels(data: _Array) -> NDArray[np.uint8]:
    return np.frombuffer(data.values, np.uint8).reshape(data.rows, CHANNELS, SIDE, SIDE)


def _labels(labels: Any, count: int) -> NDArray[np.int64]:
    if not isinstance(labels, list) or len(labels) != count:
        raise pickle.UnpicklingError("it has not one label for each image")
    if not all(type(label) is int and 0 <= label < CLASSES for label in labels):
        raise pickle.UnpicklingError(f"its labels are not numbers from 0 to {CLASSES - 1}")
    return np.array(labels, np.int64)
