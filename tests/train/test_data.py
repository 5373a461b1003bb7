"""The digits: real, scaled, split once and for all."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.train.data import load


def test_digits_are_scaled_and_shaped() -> None:
    split = load("digits")
    assert split.train.shape == (1500, 1, 8, 8)
    assert split.test.shape == (297, 1, 8, 8)
    assert split.train.dtype == split.test.dtype == np.float32
    assert (split.train.min(), split.train.max()) == (-1, 1)
    assert set(np.unique(split.train)) == {np.float32(level / 8 - 1) for level in range(17)}


def test_split_covers_every_digit_once() -> None:
    from sklearn.datasets import load_digits

    split = load("digits")
    whole = np.concatenate([split.train, split.test])[:, 0] * 8 + 8
    pixels = load_digits().images
    assert sorted(map(bytes, whole.astype(np.int8))) == sorted(map(bytes, pixels.astype(np.int8)))
    assert set(split.test_labels) == set(range(10))


def test_labels_belong_to_their_images() -> None:
    from sklearn.datasets import load_digits

    digits, split = load_digits(), load("digits")
    known = {
        bytes(image.astype(np.int8)): label for image, label in zip(digits.images, digits.target)
    }
    for image, label in zip(split.test, split.test_labels):
        assert known[bytes((image[0] * 8 + 8).astype(np.int8))] == label


def test_split_is_the_same_each_time() -> None:
    assert np.array_equal(load("digits").test, load("digits").test)
    assert load("digits").test_labels[:10].tolist() == FIRST_LABELS


FIRST_LABELS = [0, 5, 1, 6, 2, 2, 9, 9, 0, 5]


def test_unknown_data_set_is_refused_with_what_there_is() -> None:
    with pytest.raises(DataError, match="no data set 'imagenet': there is digits"):
        load("imagenet")
