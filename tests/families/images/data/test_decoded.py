"""Files are decoded once, into an array on disk that is the files' in order."""

from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from image_sets import Stages, save, smooth

from snnvae.errors import DataError, OutputError
from snnvae.families.images.data import decoded
from snnvae.families.images.data.decoded import decode
from snnvae.families.images.data.picture import Preparation
from snnvae.progress import NoProgress

SMALL = Preparation(8, 3)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [save(tmp_path / "in" / f"{i}.png", smooth(12, 12, i)) for i in range(5)]


@pytest.fixture(autouse=True)
def chunks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "CHUNK", 2)


def test_the_array_holds_each_file_in_order_and_is_mapped(paths: list[Path]) -> None:
    stages = Stages()
    found = decode("mine", paths, SMALL, stages)
    np.testing.assert_array_equal(found, np.stack([SMALL(path) for path in paths]))
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable
    assert stages.seen == [["decode mine", 5, 5, True]]


def test_a_second_run_decodes_nothing(paths: list[Path]) -> None:
    once, stages = decode("mine", paths, SMALL, NoProgress()), Stages()
    np.testing.assert_array_equal(decode("mine", paths, SMALL, stages), once)
    assert stages.seen == []


def change_a_file(paths: list[Path]) -> list[Path]:
    save(paths[2], smooth(12, 12, 9))
    return paths


def touch_a_file(paths: list[Path]) -> list[Path]:
    os.utime(paths[2], ns=(1, 1))
    return paths


@pytest.mark.parametrize(
    "change",
    [change_a_file, touch_a_file, lambda paths: paths[:-1], lambda paths: paths[::-1]],
    ids=["content", "time", "fewer", "order"],
)
def test_other_files_are_decoded_anew(paths: list[Path], change) -> None:
    decode("mine", paths, SMALL, NoProgress())
    changed = change(paths)
    found = decode("mine", changed, SMALL, NoProgress())
    np.testing.assert_array_equal(found, np.stack([SMALL(path) for path in changed]))


@pytest.mark.parametrize("other", [Preparation(9, 3), Preparation(8, 1), Preparation(8, 3, 10)])
def test_another_preparation_is_decoded_anew(paths: list[Path], other: Preparation) -> None:
    decode("mine", paths, SMALL, NoProgress())
    found = decode("mine", paths, other, NoProgress())
    np.testing.assert_array_equal(found, np.stack([other(path) for path in paths]))


def test_a_damaged_cache_is_decoded_anew(paths: list[Path], tmp_path: Path) -> None:
    once = np.array(decode("mine", paths, SMALL, NoProgress()))
    (cached,) = (tmp_path / "cache" / "decoded").iterdir()
    for content in (b"", cached.read_bytes()[:-1]):
        cached.write_bytes(content)
        np.testing.assert_array_equal(decode("mine", paths, SMALL, NoProgress()), once)


def test_an_unreadable_image_is_named_and_nothing_is_left(
    paths: list[Path], tmp_path: Path
) -> None:
    paths[3].write_bytes(b"no image")
    with pytest.raises(DataError, match=f"{paths[3]}: not a readable image"):
        decode("mine", paths, SMALL, NoProgress())
    assert list((tmp_path / "cache" / "decoded").iterdir()) == []


def test_a_missing_image_is_named(paths: list[Path]) -> None:
    paths[1].unlink()
    with pytest.raises(DataError, match=f"{paths[1]}: No such file"):
        decode("mine", paths, SMALL, NoProgress())


def test_too_small_a_disk_is_told_before_work_begins(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda _: usage(100))
    stages = Stages()
    with pytest.raises(DataError, match=r"need 0\.0 GB, there are 0\.0 free; .*SNNVAE_CACHE"):
        decode("mine", paths, SMALL, stages)
    assert stages.seen == []


def test_a_cache_that_cannot_be_written_says_how_to_name_another(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SNNVAE_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="SNNVAE_CACHE names the cache"):
        decode("mine", paths, SMALL, NoProgress())
