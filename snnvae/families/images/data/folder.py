"""Any folder of images as a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from snnvae.errors import DataError
from snnvae.families.images.data.decoded import decode
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.picture import SUFFIXES, Preparation, look
from snnvae.progress import Progress

TRAIN = ("train", "training")
HELD = ("test", "testing", "val", "valid", "validation", "eval")
"""Names of folders, in any case, to train on and to judge by; of several the first one is taken."""
HELD_OUT = 10
"""One image in so many is held out where there is no folder to judge by."""
SPLIT_SEED = 0
SHOWN = 5
"""Suffixes of files left out that are named."""

Labelled = list[tuple[Path, str]]
"""Image files, each with the name of its class: its folder, or '' where there are no classes."""


@dataclass
class Halves:
    """What to train on and what to judge by; `how` says why these, `notes` what else is to say."""

    train: Labelled
    test: Labelled
    how: str
    notes: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """All files, those to train on first."""
        return [path for path, _ in self.train + self.test]


def read(folder: Path, side: int, progress: Progress) -> Split:
    """Images, or a folder of images per class, or train/ and test/ (or val/, …) that hold either.

    A class's images may lie in folders of its own, as for torchvision's ImageFolder. Without test/
    or the like, every tenth image of each class by a fixed permutation of the sorted names is held
    out, never a class's only one. Each is cut to its central square and resized to `side`;
    greyscale where all are, else RGB. Classes are numbered by the sorted names of their folders.
    Raises DataError where there are no images, or one cannot be read.
    """
    halves = _halves(folder)
    names = sorted({name for _, name in halves.train})
    both = halves.train + halves.test
    preparation = Preparation(side, _channels(halves.paths))
    pixels = decode(folder.name, halves.paths, preparation, progress)
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[name] for _, name in both], np.int64)
    count = len(halves.train)
    classes = f"{len(names)} classes, " if len(names) > 1 else ""
    summary = (
        f"{folder}: {count} images to train on, {len(halves.test)} to judge by ({halves.how}), "
        f"{classes}{side} × {side} pixels, {'greys' if preparation.channels == 1 else 'colours'}"
    )
    return Split(
        Images(pixels[:count]),
        Images(pixels[count:]),
        labels[:count],
        labels[count:],
        (summary, *halves.notes),
    )


def channels(folder: Path) -> int:
    """1 where all images of the folder are greyscale, else 3."""
    return _channels(_halves(folder).paths)


def own_side(folder: Path) -> int:
    """The side of the images' central squares; DataError unless all are equally large."""
    sizes = Counter(look(path).size for path in _halves(folder).paths)
    if len(sizes) > 1:
        (one, _), (other, _) = sizes.most_common(2)
        raise DataError(
            f"{folder}: images of several sizes, such as {one[0]} × {one[1]} and {other[0]} × "
            f"{other[1]} pixels: say with `image_size` how large they are to be"
        )
    ((_, side),) = sizes
    return side


def classes(folder: Path) -> int:
    """Returns how many folders its training images lie in; 1 where they lie side by side."""
    return len({name for _, name in _halves(folder).train})


def _channels(paths: list[Path]) -> int:
    return 1 if all(look(path).grey for path in paths) else 3


def _halves(folder: Path) -> Halves:
    inside = {path.name.lower(): path for path in _visible(folder) if path.is_dir()}
    train = next((inside.pop(name) for name in TRAIN if name in inside), None)
    if train is None:
        listing, notes = _listing(folder)
        return _split(folder, listing, notes)
    test = next((inside.pop(name) for name in HELD if name in inside), None)
    listing, notes = _listing(train)
    if inside:
        others = ", ".join(f"{path.name}/" for path in sorted(inside.values()))
        notes.append(f"{folder}: {others} beside {train.name}/ left out")
    if test is None:
        return _split(folder, listing, notes)
    held_out, more = _listing(test)
    names = {name for _, name in listing}
    strange = sorted({name or "none" for _, name in held_out if name not in names})
    if strange:
        raise DataError(
            f"{folder}: {test.name} has classes that {train.name} has not: {', '.join(strange)}"
        )
    return Halves(listing, held_out, f"{test.name}/", [*notes, *more])


def _split(folder: Path, listing: Labelled, notes: list[str]) -> Halves:
    """One image in ten of each class is held out, but of none the only one."""
    if len(listing) < 2:
        raise DataError(f"{folder}: one image only; there must be another to judge by")
    groups = [list(group) for _, group in groupby(listing, key=lambda image: image[1])]
    single = [group[0][1] for group in groups if len(group) == 1]
    mixed = [
        group[i]
        for group in groups
        if len(group) > 1
        for i in np.random.Generator(np.random.Philox(key=SPLIT_SEED)).permutation(len(group))
    ]
    if not mixed:
        notes.append(
            f"{folder}: each class has one image, so that none is held out: what is told of "
            "held-out images is of training images"
        )
        return Halves(listing, listing[::HELD_OUT], "training images", notes)
    held_out = set(mixed[::HELD_OUT])
    if single:
        named = ", ".join(single[:SHOWN]) + (", …" if len(single) > SHOWN else "")
        notes.append(f"{folder}: the only image of a class is not held out, as of {named}")
    train = [image for image in listing if image not in held_out]
    return Halves(train, mixed[::HELD_OUT], f"one in {HELD_OUT}, held out", notes)


def _listing(folder: Path) -> tuple[Labelled, list[str]]:
    """Sorted, and what is to be said; of images in `folder` itself or within its folders, not
    both."""
    left_out: Counter[str] = Counter()
    beside = [(path, "") for path in _images(_visible(folder), left_out)]
    classes = [path for path in _visible(folder) if path.is_dir()]
    within = [(path, c.name) for c in classes for path in _images(_inside(c), left_out)]
    if beside and within:
        raise DataError(
            f"{folder}: images lie both in it and in its folder {within[0][1]}: either all are in "
            "folders, one per class, or none is"
        )
    if not beside and not within:
        others = f"; {_counted(left_out)} in it" if left_out else ""
        raise DataError(
            f"{folder}: holds no images ({' '.join(SUFFIXES)}), nor folders that do{others}: "
            "convert them, or name another with `data_dir`"
        )
    notes = []
    empty = sorted({c.name for c in classes} - {name for _, name in within})
    if empty and within:
        notes.append(f"{folder}: no images in {', '.join(f'{name}/' for name in empty)}")
    if left_out:
        count = left_out.total()
        notes.append(
            f"{folder}: {count} file{'s' * (count > 1)} left out ({_counted(left_out)}); read are "
            f"{' '.join(SUFFIXES)}"
        )
    return beside or within, notes


def _counted(left_out: Counter[str]) -> str:
    kinds = [f"{n} {suffix or 'without a suffix'}" for suffix, n in left_out.most_common(SHOWN)]
    return ", ".join(kinds) + (", …" if len(left_out) > SHOWN else "")


def _inside(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """All visible entries of a folder and of those within it, sorted; a link that leads back is
    passed over."""
    real = folder.resolve()
    if real in above:
        return
    for path in _visible(folder):
        if path.is_dir():
            yield from _inside(path, above | {real})
        else:
            yield path


def _images(entries: Iterator[Path] | list[Path], left_out: Counter[str]) -> list[Path]:
    """The image files among them; the suffixes of other files are counted."""
    found = []
    for path in entries:
        if path.is_dir():
            continue
        if path.suffix.lower() in SUFFIXES:
            found.append(path)
        else:
            left_out[path.suffix.lower()] += 1
    return found


def _visible(folder: Path) -> list[Path]:
    """Sorted entries of a folder; systems leave files of their own there, whose names begin so."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder}: {error.strerror}; name a folder of images with `data_dir`"
        ) from None
