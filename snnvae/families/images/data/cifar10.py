"""CIFAR-10: 32×32 colour images of ten classes (A. Krizhevsky, "Learning multiple layers of
features from tiny images", 2009), in the version for Python."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from snnvae.errors import DataError
from snnvae.families.images.data.batch import MAX_BYTES, read_batch
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.resize import resize
from snnvae.families.images.data.store import Remote, Store

FOLDER = "cifar-10-batches-py"
ARCHIVE = Remote(
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"
)
TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST = ("test_batch",)
CHUNK = 1 << 20
MAX_UNPACKED = 512 << 20
"""Bytes; the published archive unpacks to 186 MB."""


def read(store: Store, side: int) -> Split:
    """50,000 images to train on and 10,000 held out, resized to `side`.

    From the archive as it is published, whose members are read by name and never extracted, or
    from the folder that it unpacks to. Raises DataError where they are missing or damaged.
    """
    path = store.find("cifar10", ARCHIVE, (FOLDER, ARCHIVE.name))
    contents = _from_folder(path) if path.is_dir() else _from_archive(path)
    halves = []
    for names in (TRAIN, TEST):
        batches = [read_batch(contents.pop(name), f"{path}, {name}") for name in names]
        pixels = np.concatenate([resize(pixels, side) for pixels, _ in batches])
        halves.append((Images(pixels), np.concatenate([labels for _, labels in batches])))
    (train, train_labels), (test, test_labels) = halves
    return Split(train, test, train_labels, test_labels)


def _from_folder(folder: Path) -> dict[str, bytes]:
    contents = {}
    try:
        for name in TRAIN + TEST:
            with (folder / name).open("rb") as file:
                contents[name] = _bounded(file, folder / name)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: {error.strerror}; fetch {ARCHIVE.url} and unpack all of "
            "it"
        ) from None
    return contents


def _bounded(file: IO[bytes], path: Path) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DataError(f"{path}: over {MAX_BYTES >> 20} MB, too large for a batch of CIFAR-10")
    return content


def _from_archive(path: Path) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    wanted = {f"{FOLDER}/{name}": name for name in TRAIN + TEST}
    try:
        # As a stream: sought by name, a member would be unpacked together with all before it.
        with _Bounded(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for member in archive:
                name = wanted.pop(member.name, None)
                file = archive.extractfile(member) if name and member.isfile() else None
                if name and file:
                    contents[name] = _bounded(file, Path(path, member.name))
                if not wanted:
                    break
            while unpacked.read(CHUNK):  # its sum stands at the end
                pass
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise DataError(
            f"{path}: damaged or unreadable ({error}); fetch it again from {ARCHIVE.url}"
        ) from None
    missing = sorted({*TRAIN, *TEST} - contents.keys())
    if missing:
        raise DataError(f"{path}: holds no {', '.join(missing)}; fetch it again from {ARCHIVE.url}")
    return contents


class _Bounded(gzip.GzipFile):
    """Ends in an error where it unpacks to more than anyone published."""

    def read(self, size: int | None = -1) -> bytes:
        """Reads as GzipFile does, up to the bound."""
        if self.tell() > MAX_UNPACKED:
            raise OSError(f"it unpacks to over {MAX_UNPACKED >> 20} MB")
        return super().read(size)
