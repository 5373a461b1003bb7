"""Data sets are asked for by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from image_sets import save, smooth, write_mnist

from snnvae.errors import DataError
from snnvae.families.images import data

NONE = ("celeba", "folder")
"""Data sets without classes of their own."""


def test_unknown_data_set_is_refused_with_what_there_is() -> None:
    with pytest.raises(DataError, match="no data set 'imagenet': there is digits, mnist"):
        data.load("imagenet")


@pytest.mark.parametrize("side", [0, -1, 1025])
def test_a_side_out_of_bounds_is_refused(side: int) -> None:
    with pytest.raises(DataError, match=f"image_size {side} must be from 1 to 1024"):
        data.load("digits", image_size=side)


def test_the_names_are_listed_without_numpy() -> None:
    code = (
        "import sys; from snnvae.families.images.data import DATASETS; "
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_sizes_colours_and_mirroring_are_the_papers() -> None:
    sides = [data.image_size_of(name) for name in data.DATASETS if name != "folder"]
    assert dict(zip(data.DATASETS, sides)) == {
        "digits": 8,
        "mnist": 32,
        "fashion-mnist": 32,
        "kmnist": 32,
        "cifar10": 32,
        "celeba": 64,
    }
    assert [n for n in data.DATASETS if data.flips(n)] == ["cifar10", "celeba"]
    assert data.channels_of("kmnist") == 1
    assert data.channels_of("celeba") == 3


def test_a_folder_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVAE_DATA", raising=False)
    for size in (None, 8):
        with pytest.raises(DataError, match="name it with `data_dir`"):
            data.load("folder", image_size=size)


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "mine" / "mnist")
    monkeypatch.setenv("SNNVAE_DATA", str(tmp_path / "mine"))
    assert data.load("mnist", download=False).train.shape == (7, 1, 32, 32)


def test_without_it_files_lie_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    from snnvae.families.images.data.decoded import cache_folder
    from snnvae.families.images.data.store import default_folder

    monkeypatch.delenv("SNNVAE_DATA", raising=False)
    monkeypatch.delenv("SNNVAE_CACHE")
    assert default_folder() == Path(pooch.os_cache("snnvae")) / "data"
    assert cache_folder() == Path(pooch.os_cache("snnvae"))


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_of_a_folder_are_found_by_a_look(tmp_path: Path, channels: int) -> None:
    for i in range(2):
        save(tmp_path / f"{i}.png", smooth(12, 12, channels=channels))
    assert data.channels_of("folder", tmp_path) == channels
    assert data.load("folder", data_dir=tmp_path, image_size=8).train.shape[1] == channels


def test_all_are_the_same_each_time(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    once, again = (data.load("mnist", data_dir=tmp_path) for _ in range(2))
    np.testing.assert_array_equal(once.train, again.train)


def test_classes_are_known_before_anything_is_read(tmp_path: Path) -> None:
    known = {name: data.classes_of(name) for name in data.DATASETS if name not in NONE}
    assert known == dict.fromkeys(known, 10)
    with pytest.raises(DataError, match="'celeba' has no classes: leave out `conditional`"):
        data.classes_of("celeba")
    for name in ("ant", "bee", "cat"):
        for i in range(2):
            save(tmp_path / "classes" / name / f"{i}.png", smooth(12, 12, i))
            save(tmp_path / "beside" / f"{name}{i}.png", smooth(12, 12, i))
    assert data.classes_of("folder", tmp_path / "classes") == 3
    with pytest.raises(DataError, match="such as a folder with a folder of images for each class"):
        data.classes_of("folder", tmp_path / "beside")


def test_labels_are_those_of_the_images(tmp_path: Path) -> None:
    """Every data set's labels lie within its classes, one for each image."""
    held = write_mnist(tmp_path)
    for name in ("digits", "mnist"):
        split = data.load(name, data_dir=tmp_path)
        for images, labels in (
            (split.train, split.train_labels),
            (split.test, split.test_labels),
        ):
            assert (labels.shape, labels.dtype) == ((len(images),), np.int64)
            assert 0 <= labels.min() <= labels.max() < data.classes_of(name)
    np.testing.assert_array_equal(split.test_labels, held["t10k-labels-idx1-ubyte"])
