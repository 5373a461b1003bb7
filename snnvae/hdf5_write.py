"""HDF5 files that are written: a disk without room is an error, not a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snnvae.files import WrittenFile, write_aside, written


class Hdf5Output(WrittenFile):
    """A file for `h5py.File`, which never learns that a write failed.

    The library cannot close a file that it could not write: it prints what it tried and crashes,
    at the latest when the process ends. So what no longer reaches the disk is kept here, where the
    library finds it again, until who writes asks by `check`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._kept: list[tuple[int, bytes]] = []

    def write(self, data: Any) -> int:
        """Writes, or keeps, all of it."""
        at = self.tell()
        if self.failure is None:
            try:
                return super().write(data)
            except OSError:
                pass
        data = bytes(data)
        self._kept.append((at, data))
        self.seek(at + len(data))
        return len(data)

    def readinto(self, buffer: Any) -> int:
        """Reads what is on the disk, under what is kept."""
        at, view = self.tell(), memoryview(buffer).cast("B")
        count = super().readinto(view) or 0
        if not self._kept:
            return count
        view[count:] = bytes(len(view) - count)
        end = at + len(view)
        for start, data in self._kept:
            low, high = max(at, start), min(end, start + len(data))
            if low < high:
                view[low - at : high - at] = data[low - start : high - start]
        self.seek(end)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves; the end is that of all that was written."""
        place = super().seek(offset, whence)
        if whence == os.SEEK_END:
            ends = [start + len(data) for start, data in self._kept]
            place = super().seek(max([place, *ends]))
        return place

    def truncate(self, size: int | None = None) -> int:
        """Cuts or lengthens the file on the disk, if that can be."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return self.tell() if size is None else size


@contextmanager
def hdf5_aside(path: Path) -> Iterator[Hdf5Output]:
    """A file for `h5py.File` that is `path` when the block ends well, as with `write_aside`."""
    with write_aside(path) as temporary, written(Hdf5Output(temporary)) as file:
        yield file
