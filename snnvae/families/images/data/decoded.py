"""Many image files, decoded once into one array on disk that later runs map into memory."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError, OutputError
from snnvae.families.images.data.picture import Preparation
from snnvae.files import write_aside
from snnvae.machine import cores
from snnvae.progress import Progress

FOLDER_VARIABLE = "SNNVAE_CACHE"
FORM = 2
"""Counts changes in what a preparation makes of a file: what was decoded before is left alone."""
CHUNK = 64
"""Images between two signs of progress."""


def cache_folder() -> Path:
    """$SNNVAE_CACHE, else the user's cache folder for snnvae."""
    import pooch

    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else Path(pooch.os_cache("snnvae"))


def decode(
    name: str, paths: Sequence[Path], prepare: Preparation, progress: Progress
) -> NDArray[np.uint8]:
    """Bytes (N, C, side, side) of the files, in their order, mapped from the cache for reading.

    They are decoded again when a path, a file's size or time of change, or the preparation is
    another. Raises DataError where a file is missing or no usable image, OutputError where the
    cache cannot be written.
    """
    shape = (len(paths), prepare.channels, prepare.side, prepare.side)
    cached = cache_folder() / "decoded" / f"{_key(paths, prepare)}.npy"
    try:
        return _mapped(cached, shape)
    except (OSError, EOFError, ValueError):  # not there, or not whole
        pass
    try:
        with write_aside(cached) as aside:
            _check_room(cached.parent, int(np.prod(shape)))
            _write(aside, shape, name, paths, prepare, progress)
    except OutputError as error:
        raise OutputError(f"{error} ({FOLDER_VARIABLE} names the cache)") from None
    return _mapped(cached, shape)


def _mapped(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise ValueError("not what was written")
    return pixels


def _key(paths: Sequence[Path], prepare: Preparation) -> str:
    """A hash of all that the decoded bytes depend on."""
    digest = hashlib.sha256(json.dumps([FORM, *astuple(prepare)]).encode())
    for path in paths:
        try:
            stat = path.stat()
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}; the data set needs it") from None
        digest.update(
            f"{path.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode(
                errors="surrogateescape"
            )
        )
    return digest.hexdigest()[:32]


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{folder}: the decoded images need {needed / 1e9:.1f} GB, there are {free / 1e9:.1f} "
            f"free; name a roomier folder by {FOLDER_VARIABLE} or ask for a smaller image_size"
        )


def _write(
    file: Path,
    shape: tuple[int, ...],
    name: str,
    paths: Sequence[Path],
    prepare: Preparation,
    progress: Progress,
) -> None:
    """A .npy file, written in order, so that a full disk is an error and not a crash."""
    progress.start(f"decode {name}", len(paths))
    with file.open("wb") as out:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(out, header)
        for chunk in _chunks(paths, prepare):
            out.write(chunk.tobytes())
            progress.advance(len(chunk))
    progress.finish()


def _chunks(paths: Sequence[Path], prepare: Preparation) -> Iterator[NDArray[np.uint8]]:
    """Decodes in threads: Pillow decodes and resizes without holding the interpreter."""

    def work(start: int) -> NDArray[np.uint8]:
        return np.stack([prepare(path) for path in paths[start : start + CHUNK]])

    pool = ThreadPoolExecutor(cores())
    try:
        yield from pool.map(work, range(0, len(paths), CHUNK))
    finally:
        pool.shutdown(cancel_futures=True)
