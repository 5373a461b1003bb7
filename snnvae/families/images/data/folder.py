"""Any folder of images as a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnvae.errors import DataError
from snnvae.families.images.data.decoded import decode
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.picture import SUFFIXES, Preparation, is_grey
from snnvae.progress import Progress

HELD_OUT = 10
"""One image in so many is held out where there is no folder to test by."""
SPLIT_SEED = 0

Listing = list[tuple[Path, str]]
"""Image files, each with the name of its class: its folder, or '' where there are no classes."""


def read(folder: Path, side: int, progress: Progress) -> Split:
    """Images, or a folder of images per class, or train/ and test/ that hold either.

    Without test/, every tenth image by a fixed permutation of the sorted names is held out.
    Each is cut to its central square and resized to `side`; greyscale where all are, else RGB.
    Classes are numbered by the sorted names of their folders. Raises DataError where there are no
    images, or one cannot be read.
    """
    train, test = _halves(folder)
    names = sorted({name for _, name in train})
    strange = sorted({name or "none" for _, name in test if name not in names})
    if strange:
        raise DataError(f"{folder}: test has classes that train has not: {', '.join(strange)}")
    paths = [path for path, _ in train + test]
    pixels = decode(folder.name, paths, Preparation(side, _channels(paths)), progress)
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[name] for _, name in train + test], np.int64)
    count = len(train)
    return Split(Images(pixels[:count]), Images(pixels[count:]), labels[:count], labels[count:])


def channels(folder: Path) -> int:
    """1 where all images of the folder are greyscale, else 3."""
    train, test = _halves(folder)
    return _channels([path for path, _ in train + test])


def classes(folder: Path) -> int:
    """Returns how many folders its training images lie in; 1 where they lie side by side."""
    return len({name for _, name in _halves(folder)[0]})


def _channels(paths: list[Path]) -> int:
    return 1 if all(map(is_grey, paths)) else 3


def _halves(folder: Path) -> tuple[Listing, Listing]:
    """Returns what to train on and what to judge by."""
    train, test = folder / "train", folder / "test"
    listing = _listing(train if train.is_dir() else folder)
    if train.is_dir() and test.is_dir():
        return listing, _listing(test)
    if len(listing) < 2:
        raise DataError(f"{folder}: one image only; there must be another to judge by")
    order = np.random.Generator(np.random.Philox(key=SPLIT_SEED)).permutation(len(listing))
    held_out = order[::HELD_OUT]
    kept = np.setdiff1d(order, held_out)
    return [listing[i] for i in kept], [listing[i] for i in held_out]


def _listing(folder: Path) -> Listing:
    """Sorted; of images that lie in `folder` itself or one folder further down, not both."""
    beside = [(path, "") for path in _images(folder)]
    within = [
        (path, child.name)
        for child in _visible(folder)
        if child.is_dir()
        for path in _images(child)
    ]
    if beside and within:
        raise DataError(
            f"{folder}: images lie both in it and in its folder {within[0][1]}: either all are in "
            "folders, one per class, or none is"
        )
    if not beside and not within:
        raise DataError(
            f"{folder}: holds no images ({' '.join(SUFFIXES)}), nor folders that do; name another "
            "with `data_dir`"
        )
    return beside or within


def _images(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix.lower() in SUFFIXES]


def _visible(folder: Path) -> list[Path]:
    """Sorted entries of a folder; systems leave files of their own there, whose names begin so."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder}: {error.strerror}; name a folder of images with `data_dir`"
        ) from None
