"""CelebA and folders of images: cropped, resized, decoded once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snnvae.errors import DataError
from snnvae.progress import NoProgress
from snnvae.train.data import channels_of, load

RNG = np.random.default_rng(0)


def picture(path: Path, size: tuple[int, int] = (178, 218), mode: str = "RGB") -> Image.Image:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    image = Image.fromarray(RNG.integers(0, 256, shape).astype(np.uint8))
    image.save(path)
    return image


class Watching(NoProgress):
    def __init__(self) -> None:
        self.began: list[str] = []

    def start(self, name: str, total: int) -> None:
        self.began.append(name)


def celeba(folder: Path, parts: str) -> list[Image.Image]:
    made = [picture(folder / "img_align_celeba" / f"{i:06}.png") for i in range(len(parts))]
    lines = "".join(f"{i:06}.png {part}\n" for i, part in enumerate(parts))
    (folder / "list_eval_partition.txt").write_text(lines)
    return made


def test_celeba_is_the_centre_and_its_own_partition(tmp_path: Path) -> None:
    made = celeba(tmp_path / "celeba", "0012")
    split = load("celeba", data_dir=tmp_path)
    assert (split.train.shape, split.test.shape) == ((2, 3, 64, 64), (1, 3, 64, 64))
    cut = made[3].crop((15, 35, 15 + 148, 35 + 148)).resize((64, 64), Image.Resampling.BILINEAR)
    expected = np.asarray(cut).transpose(2, 0, 1) * (2 / 255) - 1
    np.testing.assert_allclose(split.test[:][0], expected, atol=1e-6)


def test_images_are_decoded_once_until_they_change(tmp_path: Path) -> None:
    celeba(tmp_path / "celeba", "02")
    seen = Watching()
    first = load("celeba", data_dir=tmp_path, progress=seen)
    again = load("celeba", data_dir=tmp_path, progress=seen)
    assert seen.began == ["decode celeba"]
    assert np.array_equal(first.test[:], again.test[:])
    picture(tmp_path / "celeba" / "img_align_celeba" / "000001.png", (200, 220))
    changed = load("celeba", data_dir=tmp_path, progress=seen)
    assert len(seen.began) == 2
    assert not np.array_equal(first.test[:], changed.test[:])


def test_a_missing_celeba_is_said_with_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no img_align_celeba .*mmlab"):
        load("celeba", data_dir=tmp_path)
    celeba(tmp_path / "celeba", "02")
    (tmp_path / "celeba" / "img_align_celeba" / "000001.png").unlink()
    with pytest.raises(DataError, match=r"000001\.png: No such file"):
        load("celeba", data_dir=tmp_path)


def test_a_strange_partition_is_refused_by_line(tmp_path: Path) -> None:
    celeba(tmp_path / "celeba", "02")
    (tmp_path / "celeba" / "list_eval_partition.txt").write_text("a.png 0\n../b.png 2\n")
    with pytest.raises(DataError, match=r"line 2: '\.\./b\.png 2' is not an image's name"):
        load("celeba", data_dir=tmp_path)


def test_a_folder_of_classes(tmp_path: Path) -> None:
    for i in range(20):
        picture(tmp_path / "ab"[i % 2] / f"{i}.png", (9, 7), "L")
    split = load("folder", data_dir=tmp_path, image_size=6)
    assert split.train.shape == (18, 1, 6, 6)
    assert split.test.shape == (2, 1, 6, 6)
    assert set(split.train_labels) == {0, 1}
    assert channels_of("folder", tmp_path) == 1
    picture(tmp_path / "a" / "colour.png", (9, 9))
    assert channels_of("folder", tmp_path) == 3


def test_a_folder_with_its_own_test_images(tmp_path: Path) -> None:
    for part, count in (("train", 5), ("test", 2)):
        for i in range(count):
            picture(tmp_path / part / f"{i}.png", (8, 8))
    split = load("folder", data_dir=tmp_path, image_size=8)
    assert (len(split.train), len(split.test)) == (5, 2)


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    for i in range(3):
        picture(tmp_path / f"{i}.png", (8, 8))
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:60])
    with pytest.raises(DataError, match=r"1\.png: not a readable image"):
        load("folder", data_dir=tmp_path, image_size=8)


def test_a_folder_needs_a_name_a_size_and_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name it with --data-dir"):
        load("folder", image_size=8)
    with pytest.raises(DataError, match="set image_size"):
        load("folder", data_dir=tmp_path)
    with pytest.raises(DataError, match="holds no images"):
        load("folder", data_dir=tmp_path, image_size=8)
