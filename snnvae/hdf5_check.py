"""HDF5 files from anywhere: looked through before anything is read or allocated from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import h5py
import numpy as np

from snnvae.errors import SnnvaeError

MAX_DEPTH = 16
MAX_BYTES = 4 << 30
"""Largest sum of all arrays of a file, uncompressed."""
MAX_ENTRIES = 200_000


@dataclass
class Hdf5Check:
    """Checks groups of one file and keeps count of what they claim.

    Raises `error`, in one line, for links that lead elsewhere, values kept in other files, groups
    that nest or grow without measure, data that are neither numbers nor text and, if `finite`,
    values that are not finite.
    """

    path: str
    error: type[SnnvaeError]
    max_entries: int = MAX_ENTRIES
    max_bytes: int = MAX_BYTES
    finite: bool = True
    _bytes: int = field(default=0, init=False)
    _entries: int = field(default=0, init=False)
    _seen: set[int] = field(default_factory=set, init=False)

    def group(self, group: h5py.Group, depth: int = 0) -> None:
        """Check everything below a group."""
        path = self.path
        if depth > MAX_DEPTH:
            raise self.error(f"{path}: nested deeper than {MAX_DEPTH} levels; not of a network")
        address = h5py.h5o.get_info(group.id).addr
        if address in self._seen:
            raise self.error(f"{path}: group '{group.name}' is linked twice; not well-formed")
        self._seen.add(address)
        self._entries += len(group)
        if self._entries > self.max_entries:
            raise self.error(f"{path}: more than {self.max_entries} entries; split the network")
        for name in group:
            where = f"{path}: '{group.name.rstrip('/')}/{name}'"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise self.error(f"{where} links to another place; only plain data is read")
            item = group[name]
            if isinstance(item, h5py.Group):
                self.group(item, depth + 1)
            elif isinstance(item, h5py.Dataset):
                self._dataset(item, where)
            else:
                raise self.error(f"{where} is neither a group nor data")

    def _dataset(self, data: h5py.Dataset, where: str) -> None:
        if data.is_virtual or data.external:
            raise self.error(f"{where} keeps its values in another file; only plain data is read")
        text = h5py.check_string_dtype(data.dtype) is not None
        if not text and data.dtype.kind not in "biuf":
            raise self.error(f"{where} holds {data.dtype}, not numbers or text")
        if data.shape is None:
            raise self.error(f"{where} is empty")
        self._bytes += math.prod(data.shape) * data.dtype.itemsize
        if self._bytes > self.max_bytes:
            raise self.error(
                f"{where}: the file's arrays exceed {self.max_bytes >> 30} GiB ({data.shape} here);"
                " it is damaged or hostile"
            )
        if self.finite and data.dtype.kind == "f":
            for part in data.iter_chunks() if data.chunks else [()]:
                if not np.isfinite(data[part]).all():
                    raise self.error(
                        f"{where} holds values that are not finite; export the file again"
                    )
