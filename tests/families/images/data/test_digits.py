"""The digits: real, scaled, split once and for all."""

from __future__ import annotations

import numpy as np

from snnvae.families.images.data import load


def test_digits_are_scaled_and_shaped() -> None:
    split = load("digits")
    assert split.train.shape == (1500, 1, 8, 8)
    assert split.test.shape == (297, 1, 8, 8)
    train = split.train[:]
    assert train.dtype == np.float32
    assert (train.min(), train.max()) == (-1, 1)
    assert set(np.unique(train)) == {np.float32(level / 8 - 1) for level in range(17)}


def test_split_covers_every_digit_once() -> None:
    from sklearn.datasets import load_digits

    split = load("digits")
    whole = np.concatenate([split.train[:], split.test[:]])[:, 0] * 8 + 8
    pixels = load_digits().images
    assert sorted(map(bytes, whole.astype(np.int8))) == sorted(map(bytes, pixels.astype(np.int8)))
    assert set(split.test_labels) == set(range(10))


def test_labels_belong_to_their_images() -> None:
    from sklearn.datasets import load_digits

    digits, split = load_digits(), load("digits")
    known = {
        bytes(image.astype(np.int8)): label for image, label in zip(digits.images, digits.target)
    }
    for image, label in zip(split.test[:], split.test_labels):
        assert known[bytes((image[0] * 8 + 8).astype(np.int8))] == label


def test_split_is_the_same_each_time() -> None:
    assert np.array_equal(load("digits").test, load("digits").test)
    assert load("digits").test_labels[:10].tolist() == FIRST_LABELS


FIRST_LABELS = [0, 5, 1, 6, 2, 2, 9, 9, 0, 5]


def test_another_side_keeps_the_greys() -> None:
    small, large = load("digits"), load("digits", image_size=16)
    assert large.test.shape == (297, 1, 16, 16)
    blocks = large.test[:].reshape(297, 1, 8, 2, 8, 2).mean(axis=(3, 5))
    assert np.corrcoef(blocks.ravel(), small.test[:].ravel())[0, 1] > 0.95
    assert abs(large.test[:].mean() - small.test[:].mean()) < 0.01
