"""CelebA: 202,599 faces, aligned and cropped (Liu et al., ICCV 2015), with its own partition."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnvae.errors import DataError
from snnvae.families.images.data.decoded import decode
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.picture import Preparation
from snnvae.families.images.data.store import Store

FOLDER = "img_align_celeba"
PARTITION = "list_eval_partition.txt"
PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
CROP = 148
"""Pixels of the 178×218 images that are kept, as in both papers' code."""
TRAIN, VALIDATION, TEST = "0", "1", "2"
MAX_BYTES = 64 << 20
"""Of the partition; the published one has 3 MB."""


def read(store: Store, side: int) -> Split:
    """The partition's images to train on and to test by; those for validation are left out.

    CenterCrop(148), then resized to `side`; decoded once. It has no classes: labels are 0. Raises
    DataError where the folder, the partition or an image is missing or damaged.
    """
    place = _place(store)
    members = _partition(place / PARTITION)
    train, test = ([n for n, part in members.items() if part == which] for which in (TRAIN, TEST))
    if not train or not test:
        raise DataError(f"{place / PARTITION}: names no images to {'test' if train else 'train'}")
    paths = [place / FOLDER / name for name in train + test]
    pixels = decode("celeba", paths, Preparation(side, 3, CROP), store.progress)
    count = len(train)
    labels = np.zeros(len(paths), np.int64)
    return Split(Images(pixels[:count]), Images(pixels[count:]), labels[:count], labels[count:])


def _place(store: Store) -> Path:
    places = store.places("celeba")
    for place in places:
        if (place / FOLDER).is_dir() and (place / PARTITION).is_file():
            return place
    raise DataError(
        f"celeba: no {FOLDER} with {PARTITION} in {' or '.join(map(str, places))}; fetch "
        f"{FOLDER}.zip and {PARTITION} from {PAGE} by hand, unpack the images and put both into "
        f"{places[0]}, or name your own folder by `data_dir` or SNNVAE_DATA"
    )


def _partition(path: Path) -> dict[str, str]:
    """File name → part, of lines like '000001.jpg 0'."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: over {MAX_BYTES >> 20} MB, too large for a partition")
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: unreadable ({error}); fetch it again from {PAGE}") from None
    members = {}
    for number, line in enumerate(lines, 1):
        name, _, part = line.strip().partition(" ")
        if part.strip() not in (TRAIN, VALIDATION, TEST) or Path(name).name != name:
            raise DataError(
                f"{path}, line {number}: {line[:80]!r} is not an image's name and 0, 1 or 2; fetch "
                f"it again from {PAGE}"
            )
        members[name] = part.strip()
    return members
