"""MNIST, Fashion-MNIST and KMNIST from the user's own files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from image_sets import idx_bytes, random_bytes, write_mnist

from snnvae.errors import DataError
from snnvae.families.images import data
from snnvae.families.images.data.resize import resize

NAMES = ("mnist", "fashion-mnist", "kmnist")


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_files_are_found_in_the_sets_folder_or_beside(
    tmp_path: Path, name: str, inside: bool, packed: bool
) -> None:
    held = write_mnist(tmp_path / name if inside else tmp_path, packed=packed)
    split = data.load(name, data_dir=tmp_path, download=False)
    pixels = resize(held["train-images-idx3-ubyte"][:, None], 32)
    assert split.train.shape == (7, 1, 32, 32)
    assert split.test.shape == (3, 1, 32, 32)
    np.testing.assert_array_equal(split.train.pixels, pixels)
    np.testing.assert_array_equal(split.train_labels, held["train-labels-idx1-ubyte"])
    np.testing.assert_array_equal(split.test_labels, held["t10k-labels-idx1-ubyte"])
    assert split.train_labels.dtype == np.int64


def test_another_side_is_made_and_28_is_untouched(tmp_path: Path) -> None:
    held = write_mnist(tmp_path)
    assert data.load("mnist", data_dir=tmp_path, image_size=16).test.shape == (3, 1, 16, 16)
    whole = data.load("mnist", data_dir=tmp_path, image_size=28).test
    np.testing.assert_array_equal(whole.pixels[:, 0], held["t10k-images-idx3-ubyte"])


def test_the_sets_own_folder_comes_first(tmp_path: Path) -> None:
    write_mnist(tmp_path, seed=1)
    held = write_mnist(tmp_path / "kmnist", seed=2)
    split = data.load("kmnist", data_dir=tmp_path)
    np.testing.assert_array_equal(split.train_labels, held["train-labels-idx1-ubyte"])


def test_one_sets_folder_is_not_taken_for_another(tmp_path: Path) -> None:
    write_mnist(tmp_path / "mnist")
    assert len(data.load("mnist", data_dir=tmp_path / "mnist", download=False).test) == 3
    with pytest.raises(DataError, match="fashion-mnist: no train-images-idx3-ubyte"):
        data.load("fashion-mnist", data_dir=tmp_path / "mnist", download=False)


def test_a_missing_file_is_named_with_its_source_and_its_place(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError) as caught:
        data.load("mnist", data_dir=tmp_path, download=False)
    message = str(caught.value)
    assert message.startswith("mnist: no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz in ")
    assert "fetch https://" in message
    assert f"put it into {tmp_path / 'mnist'}" in message
    assert "\n" not in message


def test_labels_must_be_as_many_as_images(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    fewer = gzip.compress(idx_bytes(random_bytes(6) % 10))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(fewer)
    with pytest.raises(DataError, match="6 labels for the 7 images of train-images-idx3-ubyte"):
        data.load("mnist", data_dir=tmp_path)


def test_labels_must_be_digits(tmp_path: Path) -> None:
    write_mnist(tmp_path, packed=False)
    path = tmp_path / "t10k-labels-idx1-ubyte"
    path.write_bytes(idx_bytes(np.array([9, 10, 0], np.uint8)))
    with pytest.raises(DataError, match=f"{path}: label 10 exceeds 9"):
        data.load("mnist", data_dir=tmp_path)
