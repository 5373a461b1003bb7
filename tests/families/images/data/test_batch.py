"""A batch of CIFAR-10 is read from its pickle, which runs nothing and takes no memory by name."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sets import batch_bytes, random_bytes

from snnvae.errors import DataError
from snnvae.families.images.data.batch import read_batch

PIXELS = random_bytes(3, 3, 32, 32)
LABELS = [9, 0, 4]


@pytest.mark.parametrize("python2", [True, False])
def test_pixels_and_classes_come_as_they_were(python2: bool) -> None:
    content = batch_bytes(PIXELS, LABELS, python2)
    pixels, labels = read_batch(content, "batch")
    np.testing.assert_array_equal(pixels, PIXELS)
    np.testing.assert_array_equal(labels, LABELS)
    assert labels.dtype == np.int64


def test_the_written_batch_is_one_of_python_2() -> None:
    """What NumPy makes of it, with the names it had then."""
    content = batch_bytes(PIXELS, LABELS)
    assert b"cnumpy.core.multiarray\n_reconstruct" in content
    assert content.count(b"T" + struct.pack("<i", PIXELS.size)) == 1


class Touch:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(DataError, match="it asks for"):
        read_batch(pickle.dumps({b"data": Touch(mark), b"labels": LABELS}, protocol=3), "batch")
    assert not mark.exists()


def forged(data: Any = None, labels: Any = LABELS) -> bytes:
    data = PIXELS.reshape(3, 3072) if data is None else data
    return pickle.dumps({b"data": data, b"labels": labels}, protocol=3)


HUGE = forged().replace(b"K\x00\x85", b"\x8a\x06" + (1 << 44).to_bytes(6, "little") + b"\x85", 1)
REFUSED = {
    "nothing": (b"", "not a batch"),
    "text": (b"<html>404</html>", "not a batch"),
    "cut short": (forged()[:-20], "not a batch"),
    "a list": (pickle.dumps([1]), "it has no data and labels"),
    "no labels": (pickle.dumps({b"data": 1}), "it has no data and labels"),
    "data of another kind": (forged([1, 2, 3]), "not a batch"),
    "an empty array": (forged(PIXELS.reshape(3, 3072)[:0]), "fewer or more bytes"),
    "floats": (forged(np.zeros((3, 3072))), "not bytes, row by row"),
    "columns first": (forged(np.asfortranarray(PIXELS.reshape(3, 3072))), "row by row"),
    "other images": (forged(PIXELS.reshape(9, 1024)), "not N × 3072 values"),
    "a label too few": (forged(labels=[1, 2]), "not one label for each image"),
    "a label too high": (forged(labels=[1, 2, 10]), "not numbers from 0 to 9"),
    "a label that is none": (forged(labels=[1, 2, "3"]), "not numbers from 0 to 9"),
    "a large table": (b"\x80\x03Nr" + struct.pack("<I", 2**32 - 1) + b".", "too large a table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_batch_is_refused_by_name(case: str) -> None:
    content, reason = REFUSED[case]
    with pytest.raises(DataError, match=reason) as caught:
        read_batch(content, "archive, data_batch_1")
    assert str(caught.value).startswith("archive, data_batch_1: ")
    assert "\n" not in str(caught.value)


def test_an_array_that_claims_to_be_huge_takes_no_memory() -> None:
    """NumPy's own function would make 16 TB first."""
    assert forged() != HUGE
    np.testing.assert_array_equal(read_batch(HUGE, "batch")[0], PIXELS)
