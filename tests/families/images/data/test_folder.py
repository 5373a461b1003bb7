"""Any folder of images is a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_sets import Stages, save, smooth

from snnvae.errors import DataError
from snnvae.families.images import data
from snnvae.families.images.data.picture import Preparation


def fill(folder: Path, count: int, seed: int = 0, channels: int = 3) -> list[Path]:
    return [save(folder / f"{i:02}.png", smooth(14, 11, seed + i, channels)) for i in range(count)]


def load(folder: Path, side: int = 8) -> data.Split:
    return data.load("folder", data_dir=folder, image_size=side)


def as_set(pixels: np.ndarray) -> set[bytes]:
    return {bytes(image) for image in np.ascontiguousarray(pixels)}


def test_one_image_in_ten_is_held_out_and_none_is_lost(tmp_path: Path) -> None:
    paths = fill(tmp_path, 20)
    split = load(tmp_path)
    assert split.train.shape == (18, 3, 8, 8)
    assert split.test.shape == (2, 3, 8, 8)
    train, test = as_set(split.train.pixels), as_set(split.test.pixels)
    assert train | test == {bytes(Preparation(8, 3)(path)) for path in paths}
    assert not train & test
    assert split.train_labels.tolist() == [0] * 18
    np.testing.assert_array_equal(load(tmp_path).test, split.test)


def test_two_images_are_the_fewest(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with pytest.raises(DataError, match="one image only"):
        load(tmp_path)
    fill(tmp_path, 2)
    split = load(tmp_path)
    assert (len(split.train), len(split.test)) == (1, 1)


def test_folders_within_are_classes_by_their_sorted_names(tmp_path: Path) -> None:
    classes = {"cat": 4, "ant": 3, "bee": 5}
    label = {}
    for seed, (name, count) in enumerate(classes.items()):
        for path in fill(tmp_path / name, count, 100 * seed):
            label[bytes(Preparation(8, 3)(path))] = sorted(classes).index(name)
    split = load(tmp_path)
    pixels = [*split.train.pixels, *split.test.pixels]
    labels = [*split.train_labels, *split.test_labels]
    assert len(pixels) == 12
    assert [label[bytes(np.ascontiguousarray(image))] for image in pixels] == labels


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    for half, count in (("train", 3), ("test", 2)):
        for seed, name in enumerate(("a", "b")):
            fill(tmp_path / half / name, count, seed)
    split = load(tmp_path)
    assert split.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert split.test_labels.tolist() == [0, 0, 1, 1]
    expected = [Preparation(8, 3)(p) for p in sorted((tmp_path / "test").rglob("*.png"))]
    np.testing.assert_array_equal(split.test.pixels, expected)


def test_train_alone_is_split(tmp_path: Path) -> None:
    fill(tmp_path / "train", 10)
    split = load(tmp_path)
    assert (len(split.train), len(split.test)) == (9, 1)


def test_classes_to_judge_by_must_have_been_trained_on(tmp_path: Path) -> None:
    fill(tmp_path / "train" / "a", 2)
    fill(tmp_path / "test" / "b", 2)
    with pytest.raises(DataError, match="test has classes that train has not: b"):
        load(tmp_path)


@pytest.mark.parametrize("held", ["test", "val", "valid", "validation", "Val"])
def test_a_folder_beside_train_is_what_is_held_out(tmp_path: Path, held: str) -> None:
    for half, count in (("train", 3), (held, 2), ("raw", 1)):
        fill(tmp_path / half / "a", count)
    split = load(tmp_path)
    assert (len(split.train), len(split.test)) == (3, 2)
    assert f"2 to judge by ({held}/)" in split.notes[0]
    assert "raw/ beside train/ left out" in split.notes[1]


def test_test_goes_before_val(tmp_path: Path) -> None:
    for half, count in (("train", 3), ("val", 1), ("test", 2)):
        fill(tmp_path / half, count)
    split = load(tmp_path)
    assert len(split.test) == 2
    assert "val/ beside train/ left out" in split.notes[1]


def test_a_class_may_have_folders_of_its_own(tmp_path: Path) -> None:
    """As torchvision's ImageFolder finds them; a link that leads back ends nowhere."""
    fill(tmp_path / "a", 10)
    fill(tmp_path / "b" / "2020" / "may", 6)
    fill(tmp_path / "b" / "2021", 4, seed=6)
    (tmp_path / "b" / "2021" / "again").symlink_to(tmp_path / "b")
    (tmp_path / "c").mkdir()
    split = load(tmp_path)
    assert data.classes_of("folder", tmp_path) == 2
    assert sorted([*split.train_labels, *split.test_labels]) == [0] * 10 + [1] * 10
    assert split.notes[1:] == (f"{tmp_path}: no images in c/",)


def test_a_tenth_of_each_class_is_held_out_but_of_none_the_only_image(tmp_path: Path) -> None:
    for seed, (name, count) in enumerate({"a": 20, "b": 1, "c": 10, "d": 1}.items()):
        fill(tmp_path / name, count, 100 * seed)
    split = load(tmp_path)
    assert np.bincount(split.train_labels).tolist() == [18, 1, 9, 1]
    assert split.test_labels.tolist() == [0, 0, 2]
    assert "only image of a class is not held out, as of b, d" in split.notes[1]
    np.testing.assert_array_equal(load(tmp_path).test, split.test)


def test_where_each_class_has_one_image_all_are_trained_on(tmp_path: Path) -> None:
    for i in range(20):
        fill(tmp_path / f"{i:02}", 1, i)
    split = load(tmp_path)
    assert split.train_labels.tolist() == list(range(20))
    assert split.test_labels.tolist() == [0, 10]
    assert "none is held out" in split.notes[1]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    fill(tmp_path / "a", 3)
    for name in ("a/1.gif", "a/deep/2.GIF", "notes.txt", "a/README"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "a" / "folder.png").mkdir()
    assert "4 files left out (2 .gif, 1 .txt, 1 without a suffix)" in load(tmp_path).notes[1]


def test_equally_large_images_have_a_size_of_their_own(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    assert data.image_size_of("folder", tmp_path) == 11
    assert data.load("folder", data_dir=tmp_path).train.shape[2:] == (11, 11)
    save(tmp_path / "turned.png", smooth(11, 14))
    assert data.image_size_of("folder", tmp_path) == 11
    save(tmp_path / "other.png", smooth(14, 14))
    with pytest.raises(DataError, match="several sizes, such as 14 × 11 and 14 × 14"):
        data.image_size_of("folder", tmp_path)


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    (path, *_) = fill(tmp_path, 2, channels=1)
    assert data.channels_of("folder", tmp_path) == 1
    save(path, smooth(14, 11))
    assert data.channels_of("folder", tmp_path) == 3


def test_greyscale_stays_so_unless_one_image_is_coloured(tmp_path: Path) -> None:
    fill(tmp_path, 4, channels=1)
    assert load(tmp_path).train.shape[1] == 1
    save(tmp_path / "zz.jpg", smooth(9, 9))
    assert load(tmp_path).train.shape[1] == 3


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    (tmp_path / "._00.png").write_bytes(b"left by a system")
    (tmp_path / "readme.txt").write_text("words")
    (tmp_path / "empty").mkdir()
    save(tmp_path / "LOUD.PNG", smooth(9, 9))
    split = load(tmp_path)
    assert len(split.train) + len(split.test) == 4


def test_images_beside_folders_of_images_are_refused(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    fill(tmp_path / "more", 2)
    with pytest.raises(DataError, match="images lie both in it and in its folder more"):
        load(tmp_path)


def test_a_folder_without_images_or_none_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: holds no images \(\.jpg"):
        load(tmp_path / "empty")
    with pytest.raises(DataError, match="nowhere: No such file or directory; name a folder"):
        load(tmp_path / "nowhere")


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    paths = fill(tmp_path, 5)
    paths[3].write_bytes(b"nothing")
    with pytest.raises(DataError, match=f"{paths[3]}: not a readable image"):
        load(tmp_path)


def test_decoding_is_shown_once(tmp_path: Path) -> None:
    fill(tmp_path / "pets", 5)
    stages = Stages()
    for _ in range(2):
        data.load("folder", data_dir=tmp_path / "pets", image_size=8, progress=stages)
    assert stages.seen == [["decode pets", 5, 5, True]]
