"""Images are bytes that are scaled when they are looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_sets import random_bytes

from snnvae.families.images.data import Images

PIXELS = random_bytes(5, 3, 4, 4)


@pytest.mark.parametrize("chosen", [slice(1, 4), [4, 0, 0], np.array([2, 1]), slice(None), 3])
def test_indexing_gives_scaled_floats_of_the_chosen(chosen: object) -> None:
    found = Images(PIXELS)[chosen]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, (PIXELS[chosen] / 255 * 2 - 1).astype(np.float32))


@pytest.mark.parametrize("levels", [16, 255])
def test_black_is_minus_one_and_white_is_one(levels: int) -> None:
    grey = np.arange(levels + 1, dtype=np.uint8).reshape(-1, 1, 1, 1)
    found = Images(grey, levels)[:].ravel()
    assert (found[0], found[-1]) == (-1, 1)
    np.testing.assert_allclose(np.diff(found), 2 / levels, rtol=1e-5)


def test_length_shape_and_the_whole_as_an_array() -> None:
    images = Images(PIXELS)
    assert len(images) == 5
    assert images.shape == (5, 3, 4, 4)
    np.testing.assert_array_equal(np.asarray(images), images[:])
    assert np.asarray(images, np.float64).dtype == np.float64


def test_a_mapped_file_serves_as_well(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", PIXELS)
    found = Images(np.load(tmp_path / "x.npy", mmap_mode="r"))[1:3]
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, Images(PIXELS)[1:3])
