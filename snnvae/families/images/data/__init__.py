"""Data sets by name: images as float32 in [−1, 1], split once and for all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from snnvae.errors import DataError
from snnvae.families.images.data.images import Images, Split
from snnvae.progress import NoProgress, Progress

MAX_SIDE = 1024
"""Pixels; a wider image is a mistake rather than a wish."""


@dataclass(frozen=True)
class Traits:
    """The traits that are known of a data set before it is read.

    image_size  side in pixels, as the papers use it; None: the user's choice
    channels    1 or 3; None: as the files are
    flips       whether training images may be mirrored left to right
    classes     of the images; 0: it has none; None: as the folders are
    """

    image_size: int | None
    channels: int | None
    flips: bool = False
    classes: int | None = 10


TRAITS = {
    "digits": Traits(8, 1),
    "mnist": Traits(32, 1),
    "fashion-mnist": Traits(32, 1),
    "kmnist": Traits(32, 1),
    "cifar10": Traits(32, 3, flips=True),
    "celeba": Traits(64, 3, flips=True, classes=0),
    "folder": Traits(None, None, classes=None),
}
DATASETS = tuple(TRAITS)


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    image_size: int | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> Split:
    """The data set of that name, its images `image_size` pixels wide and high.

    digits                         scikit-learn's, 8×8, 1,500 + 297
    mnist, fashion-mnist, kmnist   28×28 resized to 32×32, 60,000 + 10,000
    cifar10                        32×32, 50,000 + 10,000
    celeba                         the centre, 148×148, resized to 64×64, 162,770 + 19,962
    folder                         data_dir's own images, their centres resized to image_size, or
                                   as they are where all are equally large

    Files are looked for in data_dir/<name> and data_dir; data_dir is $SNNVAE_DATA or a cache
    folder where none is given. What is missing is downloaded into data_dir/<name>, if allowed;
    CelebA is for the user to fetch. Raises DataError where files are missing, damaged or
    malformed, with the remedy.
    """
    _traits(name)  # an unknown name is refused first
    side = image_size_of(name, data_dir) if image_size is None else image_size
    if not 1 <= side <= MAX_SIDE:
        raise DataError(f"image_size {side} must be from 1 to {MAX_SIDE}")
    if name == "digits":
        from snnvae.families.images.data import digits

        return digits.read(side)
    if name == "folder":
        from snnvae.families.images.data import folder

        return folder.read(_own_folder(data_dir), side, progress or NoProgress())
    from snnvae.families.images.data import celeba, cifar10, mnist
    from snnvae.families.images.data.store import Store, default_folder

    place = default_folder() if data_dir is None else Path(data_dir)
    store = Store(place, download, progress or NoProgress())
    if name == "cifar10":
        return cifar10.read(store, side)
    if name == "celeba":
        return celeba.read(store, side)
    return mnist.read(name, store, side)


def image_size_of(name: str, data_dir: Path | None = None) -> int:
    """Returns the side in pixels that `load` gives the images where none is asked for: of a
    folder's images their own, if all are equally large, else DataError."""
    side = _traits(name).image_size
    if side is None:
        from snnvae.families.images.data import folder

        return folder.own_side(_own_folder(data_dir))
    return side


def channels_of(name: str, data_dir: Path | None = None) -> int:
    """Colours of the images, 1 or 3: a folder's, if it is one, by a look at its files."""
    channels = _traits(name).channels
    if channels is None:
        from snnvae.families.images.data import folder

        return folder.channels(_own_folder(data_dir))
    return channels


def flips(name: str) -> bool:
    """Tells whether training mirrors the images left to right at random."""
    return _traits(name).flips


def classes_of(name: str, data_dir: Path | None = None) -> int:
    """Classes of the images, by which a model can be conditional: a folder's, by its folders.

    DataError for a data set without, such as CelebA, or a folder whose images lie side by side.
    """
    classes = _traits(name).classes
    if classes is None:
        from snnvae.families.images.data import folder

        classes = folder.classes(_own_folder(data_dir))
    if classes < 2:
        raise DataError(
            f"the data set {name!r} has no classes: leave out `conditional`, or use one that has, "
            "such as a folder with a folder of images for each class"
        )
    return classes


def _own_folder(data_dir: Path | None) -> Path:
    from snnvae.families.images.data.store import FOLDER_VARIABLE

    named = data_dir or os.environ.get(FOLDER_VARIABLE)
    if named is None:
        raise DataError(
            f"the data set 'folder' is one of yours: name it with `data_dir` or {FOLDER_VARIABLE}"
        )
    return Path(named)


def _traits(name: str) -> Traits:
    if name not in TRAITS:
        raise DataError(f"no data set {name!r}: there is {', '.join(DATASETS)}")
    return TRAITS[name]


__all__ = [
    "DATASETS",
    "Images",
    "Split",
    "channels_of",
    "classes_of",
    "flips",
    "image_size_of",
    "load",
]
