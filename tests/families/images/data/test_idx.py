"""IDX files: what they hold, and what is refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from image_sets import idx_bytes, random_bytes

from snnvae.errors import DataError
from snnvae.families.images.data.idx import read_idx

PIXELS = random_bytes(3, 28, 28)
WHOLE = idx_bytes(PIXELS)


def read(path: Path, content: bytes) -> np.ndarray:
    path.write_bytes(content)
    return read_idx(path, (28, 28))


@pytest.mark.parametrize("name", ["x-ubyte", "x-ubyte.gz"])
@pytest.mark.parametrize("content", [WHOLE, gzip.compress(WHOLE)], ids=["plain", "packed"])
def test_bytes_are_read_whether_packed_or_not_whatever_the_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    np.testing.assert_array_equal(read(tmp_path / name, content), PIXELS)


def header(*words: int) -> bytes:
    return struct.pack(f">{len(words)}I", *words)


MALFORMED = {
    "no image": (header(0x0803, 0, 28, 28), "0 × 28 × 28 bytes, not N × 28 × 28"),
    "other size": (idx_bytes(random_bytes(1, 28, 27)), "1 × 28 × 27 bytes, not N × 28 × 28"),
    "labels": (idx_bytes(random_bytes(40)), r"magic number 2049, not 2051"),
    "floats": (header(0x0D03, 3, 28, 28) + WHOLE[16:], "magic number 3331, not 2051"),
    "cut short": (WHOLE[:-1], "only 2,351 bytes where its header states 2,352"),
    "too long": (WHOLE + b"\0", "more bytes where its header states 2,352"),
    "cut in its header": (WHOLE[:15], "ends within its header"),
    "empty": (b"", "ends within its header"),
    "boastful": (header(0x0803, 2**32 - 1, 28, 28), "4294967295 × 28 × 28 bytes"),
    "gzip cut short": (gzip.compress(WHOLE)[:-9], "damaged or unreadable"),
    "gzip without its sum": (gzip.compress(WHOLE)[:-8], "damaged or unreadable"),
    "gzip with a wrong sum": (gzip.compress(WHOLE)[:-8] + bytes(8), "CRC check failed"),
    "gzip with a damaged byte": (gzip.compress(WHOLE)[:60] + b"!" * 99, "damaged or unreadable"),
    "a web page": (b"<html>404 not found</html>", "not an IDX file"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, case: str) -> None:
    content, reason = MALFORMED[case]
    with pytest.raises(DataError, match=reason) as caught:
        read(tmp_path / "the-file", content)
    assert str(caught.value).startswith(f"{tmp_path / 'the-file'}: ")


def test_a_bomb_is_unpacked_no_further_than_its_header_states(tmp_path: Path) -> None:
    bomb = gzip.compress(header(0x0803, 1, 28, 28) + bytes(1 << 26))
    with pytest.raises(DataError, match="more bytes where its header states 784"):
        read(tmp_path / "bomb", bomb)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Is a directory"):
        read_idx(tmp_path, (28, 28))
