"""CIFAR-10 from the archive as it is published, or its folder."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from image_sets import batch_bytes, cifar_batches, tar_gz

from snnvae.errors import DataError
from snnvae.families.images import data
from snnvae.families.images.data import cifar10
from snnvae.families.images.data.resize import resize

ARCHIVE, FOLDER = "cifar-10-python.tar.gz", "cifar-10-batches-py"
BATCHES = cifar_batches()
FILES = {name: batch_bytes(*held) for name, held in BATCHES.items()}
SHUFFLED = ["data_batch_4", "test_batch", "data_batch_3", "data_batch_2", "data_batch_5"]
MEMBERS = {
    f"{FOLDER}/{name}": content
    for name, content in [
        *((name, FILES[name]) for name in SHUFFLED),
        ("readme.html", b"<html>"),
        ("data_batch_1", FILES["data_batch_1"]),
    ]
}


def load(folder: Path, **options: int) -> data.Split:
    return data.load("cifar10", data_dir=folder, download=False, **options)  # type: ignore[arg-type]


def check(split: data.Split) -> None:
    train = np.concatenate([BATCHES[f"data_batch_{i}"][0] for i in range(1, 6)])
    np.testing.assert_array_equal(split.train.pixels, train)
    np.testing.assert_array_equal(split.test.pixels, BATCHES["test_batch"][0])
    assert split.train_labels.tolist() == [(i + n) % 10 for i in range(5) for n in range(4)]
    assert split.test_labels.tolist() == BATCHES["test_batch"][1]


@pytest.mark.parametrize("place", [".", "cifar10"])
def test_the_archive_is_read_in_any_order_and_never_unpacked(tmp_path: Path, place: str) -> None:
    archive = tar_gz(tmp_path / place / ARCHIVE, MEMBERS)
    check(load(tmp_path))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [archive]


@pytest.mark.parametrize("place", [".", "cifar10"])
def test_the_folder_serves_as_well(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place / FOLDER
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    check(load(tmp_path))
    (folder / "data_batch_3").unlink()
    with pytest.raises(DataError, match=f"{folder / 'data_batch_3'}: No such file"):
        load(tmp_path)


def test_another_side_is_made(tmp_path: Path) -> None:
    tar_gz(tmp_path / ARCHIVE, MEMBERS)
    split = load(tmp_path, image_size=16)
    np.testing.assert_array_equal(split.test.pixels, resize(BATCHES["test_batch"][0], 16))


def test_a_missing_archive_is_named_with_its_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cifar10: no cifar-10-batches-py or .*fetch https://www"):
        load(tmp_path)


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    members = {name: held for name, held in MEMBERS.items() if "batch_3" not in name}
    tar_gz(tmp_path / ARCHIVE, members)
    with pytest.raises(DataError, match=f"{ARCHIVE}: holds no data_batch_3; fetch it again"):
        load(tmp_path)


def test_a_malformed_member_is_named(tmp_path: Path) -> None:
    tar_gz(tmp_path / ARCHIVE, {**MEMBERS, f"{FOLDER}/data_batch_2": b"nonsense"})
    with pytest.raises(DataError, match=f"{ARCHIVE}, data_batch_2: not a batch"):
        load(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "no gzip", "no tar", "flipped"])
def test_a_damaged_archive_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    path = tar_gz(tmp_path / ARCHIVE, MEMBERS)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "no gzip": b"<html>404</html>",
            "no tar": gzip.compress(b"<html>404</html>" * 100),
            "flipped": whole[:5000] + bytes(50) + whole[5050:],
        }[damage]
    )
    with pytest.raises(DataError, match=str(path)):
        load(tmp_path)


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MAX_UNPACKED", 1 << 20)
    tar_gz(tmp_path / ARCHIVE, {"padding": bytes(1 << 22), **MEMBERS})
    with pytest.raises(DataError, match="it unpacks to over 1 MB"):
        load(tmp_path)


def test_a_batch_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MAX_BYTES", 10_000)
    tar_gz(tmp_path / ARCHIVE, MEMBERS)
    with pytest.raises(DataError, match="too large for a batch of CIFAR-10"):
        load(tmp_path)


def test_a_link_in_the_place_of_a_batch_is_not_followed(tmp_path: Path) -> None:
    import tarfile

    path = tmp_path / ARCHIVE
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo(f"{FOLDER}/data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with pytest.raises(DataError, match="holds no data_batch_1"):
        load(tmp_path)
