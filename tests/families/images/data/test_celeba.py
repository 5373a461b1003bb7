"""CelebA: aligned faces, and the partition that comes with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_sets import Stages, save, smooth

from snnvae.errors import DataError
from snnvae.families.images import data
from snnvae.families.images.data.picture import Preparation

PARTS = {"000001.jpg": 0, "000002.jpg": 2, "000003.jpg": 1, "000004.jpg": 0}


def write(folder: Path) -> Path:
    for seed, name in enumerate(PARTS):
        save(folder / "img_align_celeba" / name, smooth(178, 218, seed))
    lines = "".join(f"{name} {part}\n" for name, part in PARTS.items())
    (folder / "list_eval_partition.txt").write_text(lines)
    return folder / "img_align_celeba"


@pytest.mark.parametrize("place", [".", "celeba"])
def test_the_partition_says_what_is_trained_on_and_what_is_judged_by(
    tmp_path: Path, place: str
) -> None:
    images, stages = write(tmp_path / place), Stages()
    split = data.load("celeba", data_dir=tmp_path, progress=stages)
    face = Preparation(64, 3, 148)
    expected = [face(images / name) for name in ("000001.jpg", "000004.jpg", "000002.jpg")]
    np.testing.assert_array_equal(split.train.pixels, expected[:2])
    np.testing.assert_array_equal(split.test.pixels, expected[2:])
    assert split.train_labels.tolist() == [0, 0]
    assert split.test_labels.tolist() == [0]
    assert stages.seen == [["decode celeba", 3, 3, True]]


def test_images_are_scaled_and_another_side_is_made(tmp_path: Path) -> None:
    write(tmp_path)
    split = data.load("celeba", data_dir=tmp_path, image_size=32)
    batch = split.train[np.array([1, 0])]
    assert batch.shape == (2, 3, 32, 32)
    assert batch.dtype == np.float32
    assert -1 <= batch.min() < batch.max() <= 1


@pytest.mark.parametrize("lost", ["img_align_celeba", "list_eval_partition.txt"])
def test_a_missing_part_is_named_with_its_source_and_its_place(tmp_path: Path, lost: str) -> None:
    write(tmp_path)
    (tmp_path / lost).rename(tmp_path / "elsewhere")
    with pytest.raises(DataError) as caught:
        data.load("celeba", data_dir=tmp_path)
    message = str(caught.value)
    assert message.startswith("celeba: no img_align_celeba with list_eval_partition.txt in ")
    assert "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html" in message
    assert f"into {tmp_path / 'celeba'}" in message


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    lost = write(tmp_path) / "000004.jpg"
    lost.unlink()
    with pytest.raises(DataError, match=f"{lost}: No such file"):
        data.load("celeba", data_dir=tmp_path)


MALFORMED = {
    "x.jpg 3\n": "line 1: 'x.jpg 3'",
    "a.jpg 0\nb.jpg\n": "line 2: 'b.jpg'",
    "../secret.jpg 0\n": r"line 1: '\.\./secret\.jpg 0'",
    "/etc/x.jpg 0\n": "line 1: '/etc/x.jpg 0'",
    " 0\n": "line 1: ' 0'",
    "é.jpg 0\n": "unreadable",
    "a.jpg 2\n": "names no images to train",
    "a.jpg 0\n": "names no images to test",
    "": "names no images to train",
}


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_partition_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "list_eval_partition.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=MALFORMED[text]):
        data.load("celeba", data_dir=tmp_path)
