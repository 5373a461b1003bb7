"""Features and attributes as the field exchanges them: res101.mat and att_splits.mat.

    res101.mat      features (D, N), labels (N, 1)
    att_splits.mat  att (A, C), and of the samples trainval_loc, test_seen_loc, test_unseen_loc

Numbers of classes and samples count from 1. The files are not trusted: whatever is wrong with one
is a DataError of one line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError
from snnvae.families.attributes.data.described import Described, Split
from snnvae.git_lfs import refuse_pointer
from snnvae.machine import bytes_text, memory
from snnvae.plain_text import words_of

FEATURES, ATTRIBUTES = "res101.mat", "att_splits.mat"
OF_FEATURES = ("features", "labels")
LOCATIONS = ("trainval_loc", "test_seen_loc", "test_unseen_loc")
OF_ATTRIBUTES = ("att", *LOCATIONS)
FOLDER_VARIABLE = "SNNVAE_DATA"
HDF5 = b"\x89HDF"
"""What MATLAB's files of version 7.3 hold, after a header of their own or at once."""
HEADER = 520
COPIES = 5
"""Of all values in float64 at once, at most, until they are scaled: as read, in parts, as these are
scaled."""


def sizes(where: Path | None) -> tuple[int, int, int]:
    """Values of a sample, classes, attributes: by the files' headers alone."""
    folder = _folder(where)
    d, _ = _shapes(folder / FEATURES, OF_FEATURES)["features"]
    a, c = _shapes(folder / ATTRIBUTES, OF_ATTRIBUTES)["att"]
    return d, c, a


def read(where: Path | None) -> Described:
    """Both files, features scaled: see `described.scaled`."""
    folder = _folder(where)
    one = _arrays(folder / FEATURES, OF_FEATURES)
    two = _arrays(folder / ATTRIBUTES, OF_ATTRIBUTES)
    features, table = one["features"].T, two["att"].T
    label = _numbers(one["labels"], len(table), "labels", "the columns of att", folder / FEATURES)
    if len(label) != len(features):
        raise DataError(
            f"{folder / FEATURES}: {len(features)} columns of features, {len(label)} labels; give "
            "a label for each"
        )
    train, seen, unseen = (
        _numbers(two[name], len(features), name, "the samples", folder / ATTRIBUTES)
        for name in LOCATIONS
    )
    rows = np.concatenate([train, seen, unseen])
    if len(np.unique(rows)) < len(rows):
        raise DataError(
            f"{folder / ATTRIBUTES}: a sample stands twice in {', '.join(LOCATIONS)}; give each "
            "to one of them"
        )
    both = np.intersect1d(label[unseen], label[np.concatenate([train, seen])])
    if len(both):
        raise DataError(
            f"{folder / ATTRIBUTES}: class {both[0] + 1} has samples in test_unseen_loc and in "
            "others; a class that is never seen has no others"
        )
    stray = np.setdiff1d(label[seen], label[train])
    if len(stray):
        raise DataError(
            f"{folder / ATTRIBUTES}: class {stray[0] + 1} has samples in test_seen_loc and none in "
            "trainval_loc"
        )
    test = np.concatenate([seen, unseen])
    return Described.of_features(
        Split(features[train], label[train]),
        Split(features[test], label[test]),
        _graded(table),
        np.unique(label[unseen]),
    )


def _graded(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each attribute from 0, of the classes that have least of it, to 1; one that all classes have
    alike is 0."""
    low, span = table.min(0), np.ptp(table, axis=0)
    found: NDArray[np.float64] = (table - low) / np.where(span > 0, span, 1)
    return found


def _folder(where: Path | None) -> Path:
    named = where or os.environ.get(FOLDER_VARIABLE)
    if named is None:
        raise DataError(
            f"the data set 'mat' is {FEATURES} and {ATTRIBUTES}, which are yours: name their "
            f"folder with `data_dir` or {FOLDER_VARIABLE}"
        )
    for folder in (Path(named) / "mat", Path(named)):
        if (folder / FEATURES).is_file() and (folder / ATTRIBUTES).is_file():
            return folder
    raise DataError(
        f"{named} holds no {FEATURES} and {ATTRIBUTES}: name a folder with both as `data_dir`"
    )


def _shapes(path: Path, names: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """What a file says of the arrays that are asked for; DataError for one that lacks them, whose
    arrays are no matrices, or that no memory holds."""
    from scipy.io import whosmat

    refuse_pointer(path, DataError)
    with path.open("rb") as file:
        if HDF5 in file.read(HEADER):
            raise DataError(
                f"{path} is of MATLAB's version 7.3 (HDF5); save it with -v7, which is read here"
            )
    try:
        found = {name: tuple(map(int, shape)) for name, shape, _ in whosmat(path)}
    except Exception as problem:  # a file can make scipy raise anything
        raise _unreadable(path, problem) from None
    for name in names:
        if name not in found:
            known = ", ".join(str(key)[:40] for key in list(found)[:8]) or "nothing"
            raise DataError(f"{path} lacks {name}, it holds {known}: give the field's usual files")
        if len(found[name]) != 2 or min(found[name]) < 1:
            raise DataError(f"{path}: {name} is of shape {found[name]}; give a matrix")
    size = COPIES * 8 * sum(prod(found[name]) for name in names)
    if size > memory():
        raise DataError(
            f"{path} says that it holds what takes {bytes_text(size)} to read, and this machine "
            f"has {bytes_text(memory())}; give fewer samples"
        )
    return {name: (found[name][0], found[name][1]) for name in names}


def _arrays(path: Path, names: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
    """Matrices of finite numbers."""
    from scipy.io import loadmat

    shapes = _shapes(path, names)
    try:
        found = loadmat(path, variable_names=list(names))
    except Exception as problem:  # a file can make scipy raise anything
        raise _unreadable(path, problem) from None
    arrays = {}
    for name in names:
        values = found.get(name)
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
            raise DataError(f"{path}: {name} holds no plain numbers")
        if values.shape != shapes[name] or not np.isfinite(values).all():
            raise DataError(f"{path}: {name} holds values that are missing or not finite")
        arrays[name] = values.astype(np.float64)
    return arrays


def _numbers(
    values: NDArray[np.float64], count: int, name: str, of: str, path: Path
) -> NDArray[np.int64]:
    """Numbers from 1 to count, (N, 1) or (1, N) → from 0, (N,)."""
    if 1 not in values.shape:
        raise DataError(f"{path}: {name} is of shape {values.shape}; give a column of numbers")
    flat = values.reshape(-1)
    wrong = flat[(flat != np.rint(flat)) | (flat < 1) | (flat > count)]
    if len(wrong):
        raise DataError(
            f"{path}: {name} holds {wrong[0]:g}, and {of} are numbered from 1 to {count}"
        )
    return flat.astype(np.int64) - 1


def _unreadable(path: Path, problem: Exception) -> DataError:
    return DataError(f"{path} cannot be read as a MATLAB file: {words_of(problem)}")
