"""Files of features and attributes: what they hold, and whatever may be wrong with them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import attribute_files
import h5py
import numpy as np
import pytest
from attribute_files import ATTRIBUTES, CLASSES, INPUTS, UNSEEN, contents, write

from snnvae.errors import DataError
from snnvae.families.attributes import data


def test_features_are_scaled_by_what_is_trained_on(tmp_path: Path) -> None:
    found = data.load("mat", 0, write(tmp_path))
    features, splits = contents()
    rows = splits["trainval_loc"][:, 0] - 1
    raw, label = features["features"].T, features["labels"][:, 0] - 1
    np.testing.assert_array_equal(found.train.label, label[rows])
    assert found.train.x.min(0) == pytest.approx(-1)
    assert found.train.x.max(0) == pytest.approx(1)
    back = found.low + (found.train.x + 1) / 2 * (found.high - found.low)
    np.testing.assert_allclose(back, raw[rows], rtol=1e-5)
    assert abs(found.test.x).max() <= 1
    assert found.unseen.tolist() == list(UNSEEN)
    assert len(found.seen) == CLASSES - len(UNSEEN)
    assert not np.isin(found.train.label, UNSEEN).any()
    assert np.isin(UNSEEN, found.test.label).all()


def test_each_attribute_is_spread_from_0_to_1(tmp_path: Path) -> None:
    table = contents()[1]["att"].copy()
    table[1] = 0.3  # all classes alike
    found = data.load("mat", 0, write(tmp_path, att=table)).table
    assert found.shape == (CLASSES, ATTRIBUTES)
    assert found.min(0).tolist() == [0] * ATTRIBUTES
    assert found.max(0).tolist() == [1, 0, 1, 1]


def test_binary_attributes_stay(tmp_path: Path) -> None:
    table = np.array([[c >> a & 1 for c in range(CLASSES)] for a in range(3)])
    found = data.load("mat", 0, write(tmp_path, att=table)).table
    np.testing.assert_array_equal(found, table.T)


def test_sizes_come_from_the_headers(tmp_path: Path) -> None:
    wanted = {"inputs": INPUTS, "classes": CLASSES, "attributes": ATTRIBUTES}
    assert data.sizes("mat", write(tmp_path / "mat").parent) == wanted


ROWS = contents()[1]
MISTAKES = {
    "lacks features, it holds labels": {"features": None},
    "lacks att, it holds": {"att": None},
    "240 columns of features, 239 labels": {"labels": np.ones((239, 1))},
    "labels holds 8, and the columns of att are numbered from 1 to 7": {
        "att": np.random.default_rng(0).random((4, 7))
    },
    "labels holds 0, and": {"labels": np.zeros((240, 1))},
    "labels holds 1.5, and": {"labels": np.full((240, 1), 1.5)},
    "labels is of shape (120, 2); give a column": {"labels": np.ones((120, 2))},
    "features is of shape (3, 4, 20); give a matrix": {"features": np.ones((3, 4, 20))},
    "features holds values that are missing or not finite": {
        "features": np.full((12, 240), np.nan)
    },
    "features holds no plain numbers": {"features": np.full((12, 240), 1j)},
    "att holds no plain numbers": {"att": np.array([["a"] * CLASSES], object)},
    "trainval_loc holds 241, and the samples are numbered from 1 to 240": {
        "trainval_loc": np.array([[1], [241]])
    },
    "a sample stands twice": {"test_seen_loc": ROWS["trainval_loc"][:9]},
    "test_unseen_loc is of shape (0, 1); give a matrix": {"test_unseen_loc": np.ones((0, 1))},
}


@pytest.mark.parametrize("wrong", MISTAKES)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, wrong: str) -> None:
    write(tmp_path, **MISTAKES[wrong])
    with pytest.raises(DataError) as refused:
        data.load("mat", 0, tmp_path)
    assert wrong in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_class_is_seen_or_not(tmp_path: Path) -> None:
    label, rows = contents()[0]["labels"], ROWS["test_unseen_loc"]
    of = rows[label[rows[:, 0] - 1, 0] == 3]
    write(tmp_path, test_seen_loc=of[:1], test_unseen_loc=of[1:])
    with pytest.raises(DataError, match="class 3 has samples in test_unseen_loc and in others"):
        data.load("mat", 0, tmp_path)
    write(tmp_path, test_seen_loc=of[:1])
    with pytest.raises(DataError, match="a sample stands twice"):
        data.load("mat", 0, tmp_path)
    rest = np.setdiff1d(rows, of)[:, None]
    write(tmp_path, test_seen_loc=of, test_unseen_loc=rest)
    with pytest.raises(DataError, match="class 3 has samples in test_seen_loc and none in"):
        data.load("mat", 0, tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    path = write(tmp_path) / "res101.mat"
    whole = path.read_bytes()
    for broken in (
        b"",
        b"nonsense",
        whole[:200],
        whole[: len(whole) // 2],
        whole[:130] + b"\xff" * 99,
    ):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"res101\.mat") as refused:
            data.load("mat", 0, tmp_path)
        assert "\n" not in str(refused.value)


def test_hdf5_is_named(tmp_path: Path) -> None:
    path = write(tmp_path) / "res101.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["features"] = np.ones((3, 2))
    with path.open("r+b") as header:
        header.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    with pytest.raises(DataError, match=r"version 7.3 \(HDF5\); save it with -v7"):
        data.load("mat", 0, tmp_path)


def test_what_reading_takes_is_what_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of float64, however small the numbers are in the file."""
    d, n = 300, 800
    x = np.random.default_rng(0).integers(0, 99, (d, n)).astype(np.uint8)
    label = np.arange(n)[:, None] % CLASSES + 1
    parts = np.split(np.arange(n)[:, None] + 1, [n - 2 * CLASSES, n - CLASSES])
    unseen = np.zeros(n, bool)
    unseen[n - CLASSES :] = True
    label[unseen], label[~unseen] = CLASSES, np.arange(n - CLASSES)[:, None] % (CLASSES - 1) + 1
    names = dict(zip(("trainval_loc", "test_seen_loc", "test_unseen_loc"), parts))
    write(tmp_path, features=x, labels=label, **names)
    tracemalloc.start()
    data.load("mat", 0, tmp_path)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    monkeypatch.setattr("snnvae.families.attributes.data.mat.memory", lambda: taken)
    with pytest.raises(DataError, match="and this machine has"):
        data.load("mat", 0, tmp_path)


def test_a_claim_that_no_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr("snnvae.families.attributes.data.mat.memory", lambda: 1000)
    with pytest.raises(DataError, match=r"says that it holds what takes .* and this machine has"):
        data.load("mat", 0, tmp_path)


def test_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNVAE_DATA", raising=False)
    with pytest.raises(DataError, match="name their folder with `data_dir` or SNNVAE_DATA"):
        data.load("mat")
    with pytest.raises(DataError, match=r"holds no res101.mat and att_splits.mat"):
        data.load("mat", 0, tmp_path)
    monkeypatch.setenv("SNNVAE_DATA", str(attribute_files.write(tmp_path)))
    assert len(data.load("mat").table) == CLASSES


def test_another_name_or_split() -> None:
    with pytest.raises(DataError, match="no data set 'awa' with attributes: there is glyphs, mat"):
        data.load("awa")
    with pytest.raises(DataError, match="`split` 5: glyphs has the splits 0 to 4"):
        data.load("glyphs", 5)
    with pytest.raises(DataError, match=r"`split` 1: mat has the splits 0$"):
        data.load("mat", 1)
