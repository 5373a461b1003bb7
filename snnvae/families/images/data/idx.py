"""IDX files, the format of MNIST: a magic number, the sizes, then the bytes.

Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database". Big-endian words of 32 bits; the
magic number is 0x0800 (unsigned bytes) + the number of dimensions.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError

UNSIGNED_BYTES = 0x0800
GZIP_MAGIC = b"\x1f\x8b"
MAX_COUNT = 1_000_000
"""More images than any of these sets has; a header that claims more is not believed."""


def read_idx(path: Path, item: tuple[int, ...]) -> NDArray[np.uint8]:
    """(N, *item) bytes of an IDX file, plain or gzip, whatever its name says.

    Raises DataError, with the file's name, where it cannot be read, is no IDX file of such items,
    or has fewer or more bytes than its header states.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if not packed:
                return _read(raw, path, item)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read(unpacked, path, item)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged or unreadable ({error}); fetch it again") from None


def _read(file: IO[bytes] | gzip.GzipFile, path: Path, item: tuple[int, ...]) -> NDArray[np.uint8]:
    dimensions = 1 + len(item)
    layout = f">{1 + dimensions}I"
    header = file.read(struct.calcsize(layout))
    if len(header) < struct.calcsize(layout):
        raise DataError(f"{path}: ends within its header; fetch it again")
    magic, count, *sizes = struct.unpack(layout, header)
    if magic != UNSIGNED_BYTES + dimensions:
        raise DataError(
            f"{path}: not an IDX file of bytes in {dimensions} dimensions (magic number {magic}, "
            f"not {UNSIGNED_BYTES + dimensions})"
        )
    if tuple(sizes) != item or not 1 <= count <= MAX_COUNT:
        raise DataError(
            f"{path}: holds {' × '.join(map(str, (count, *sizes)))} bytes, not "
            f"{' × '.join(map(str, ('N', *item)))} with N from 1 to {MAX_COUNT:,}"
        )
    wanted = count * prod(item)
    values = file.read(wanted + 1)  # one more, to see that the file ends there
    if len(values) != wanted:
        found = f"only {len(values):,}" if len(values) < wanted else "more"
        raise DataError(f"{path}: {found} bytes where its header states {wanted:,}; fetch it again")
    return np.frombuffer(values, np.uint8).reshape(count, *item)
