"""Data sets by name: images as float32 in [−1, 1], split once and for all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnvae.errors import DataError
from snnvae.progress import NoProgress, Progress
from snnvae.train.data.images import Images, Split

MAX_SIDE = 1024
"""Pixels; a wider image is a mistake rather than a wish."""


@dataclass(frozen=True)
class Traits:
    """What is known of a data set before it is read.

    image_size  side in pixels, as the papers use it
    channels    1 or 3
    flips       whether training images may be mirrored left to right
    """

    image_size: int
    channels: int
    flips: bool = False


TRAITS = {
    "digits": Traits(8, 1),
    "mnist": Traits(32, 1),
    "fashion-mnist": Traits(32, 1),
    "kmnist": Traits(32, 1),
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

    Files are looked for in data_dir/<name> and data_dir; data_dir is $SNNVAE_DATA or a cache
    folder where none is given. What is missing is downloaded into data_dir/<name>, if allowed.
    Raises DataError where files are missing, damaged or malformed, with the remedy.
    """
    side = image_size_of(name) if image_size is None else image_size
    if not 1 <= side <= MAX_SIDE:
        raise DataError(f"image_size {side} must be from 1 to {MAX_SIDE}")
    if name == "digits":
        from snnvae.train.data import digits

        return digits.read(side)
    from snnvae.train.data import mnist
    from snnvae.train.data.store import Store, default_folder

    folder = default_folder() if data_dir is None else Path(data_dir)
    return mnist.read(name, Store(folder, download, progress or NoProgress()), side)


def image_size_of(name: str) -> int:
    """Side in pixels that `load` gives the images where none is asked for."""
    return _traits(name).image_size


def channels_of(name: str) -> int:
    """Colours of the images: 1 or 3."""
    return _traits(name).channels


def flips(name: str) -> bool:
    """Whether training mirrors the images left to right at random."""
    return _traits(name).flips


def _traits(name: str) -> Traits:
    if name not in TRAITS:
        raise DataError(f"no data set {name!r}: there is {', '.join(DATASETS)}")
    return TRAITS[name]


__all__ = ["DATASETS", "Images", "Split", "channels_of", "flips", "image_size_of", "load"]
