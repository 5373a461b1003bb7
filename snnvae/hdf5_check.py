"""HDF5 files from anywhere: looked through before anything is read or allocated from them."""

from __future__ import annotations

import faulthandler
import hashlib
import math
import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from snnvae.errors import SnnvaeError
from snnvae.git_lfs import refuse_pointer
from snnvae.plain_text import words_of

MAX_DEPTH = 16
MAX_BYTES = 4 << 30
"""Largest sum of all arrays of a file, uncompressed."""
MAX_ENTRIES = 200_000
PACKED = 1032
"""Most bytes that deflate packs into one (zlib's technical notes)."""
WALK_SECONDS, WALK_BYTES, MOST_SECONDS = 2, 1 << 20, 60
"""Time that a walk through a file may take (it takes milliseconds), bytes for each second more, and
the most."""
WALK_READS = 1 << 16
"""Bytes of the arrays that a walk reads too: texts lie on a heap, which may be damaged itself."""
REMEMBERED_BYTES = 16 << 20
"""Largest file that is known again by its digest, which takes less time than another walk."""
_walked: set[bytes] = set()
"""Digests of files that this process has found neither endless nor deadly."""


@contextmanager
def open_hdf5(
    path: Path, error: type[SnnvaeError], otherwise: str, remedy: str
) -> Iterator[h5py.File]:
    """An open file; whatever HDF5 raises while it is read becomes `error`, in one line.

    Damage may show at any call, as OSError, RuntimeError, KeyError, UnicodeDecodeError and more.
    otherwise: what the file then is, as "not a netx file, or truncated".
    """
    try:
        refuse_pointer(path, error)
    except OSError as problem:
        raise error(f"cannot read {path}: {problem.strerror}") from None
    unsafe = _endless_or_deadly(path)
    if unsafe:
        raise error(f"{path}: {otherwise} ({unsafe}); {remedy}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except SnnvaeError:
        raise
    except Exception as problem:
        raise error(f"{path}: {otherwise} ({words_of(problem)}); {remedy}") from None


def _endless_or_deadly(path: Path) -> str:
    """What the HDF5 library does at a damaged file that no exception tells; "" for a good one.

    There it may run in a circle or crash, within C. A child walks through the file first, with a
    bound on its time; once for the same content.
    """
    if not hasattr(os, "fork"):
        return ""
    digest = _digest(path)
    if digest in _walked:
        return ""
    status = _status_of_a_walk(path)
    if status == 0 and digest and digest == _digest(path):
        _walked.add(digest)
    if not os.WIFSIGNALED(status):
        return ""
    endless = os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return "HDF5 finds no end in it" if endless else "HDF5 crashes at it"


def _digest(path: Path) -> bytes:
    """Of a file's content; b"" for a large one, and for what is no file or cannot be read."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                content = file.read(REMEMBERED_BYTES + 1)
            if len(content) <= REMEMBERED_BYTES:
                return hashlib.sha256(content).digest()
    return b""


def _status_of_a_walk(path: Path) -> int:
    """How a child that walks through the file ends, as `os.waitpid` tells it: 0 if it came through
    all of it."""
    import resource

    with warnings.catch_warnings():
        # Of other threads, which a child that only reads a file does not need.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            faulthandler.disable()
            seconds = min(WALK_SECONDS + path.stat().st_size // WALK_BYTES, MOST_SECONDS)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            with h5py.File(path, "r") as file:
                _walk(file)
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def _walk(item: h5py.Group | h5py.Dataset, depth: int = 0) -> None:
    """Make the calls that a reading makes; what Python sees of an error is for the reader."""
    for key in _names(item.attrs):
        with suppress(Exception):
            item.attrs[key]
    if isinstance(item, h5py.Dataset):
        with suppress(Exception):
            if max(item.id.get_storage_size(), item.nbytes) <= WALK_READS:
                item[()]
        return
    for name in _names(item) if depth <= MAX_DEPTH else ():
        with suppress(Exception):
            if isinstance(item.get(name, getlink=True), h5py.HardLink):
                _walk(item[name], depth + 1)


def _names(held: h5py.Group | h5py.AttributeManager) -> list[str]:
    with suppress(Exception):
        return list(held)
    return []


@dataclass
class Hdf5Check:
    """Checks groups of one file and keeps count of what they claim.

    Raises `error`, in one line, for links that lead elsewhere, values kept in other files, groups
    that nest or grow without measure, data that are neither numbers nor text and, if `finite`,
    values that are not finite; those named in `infinite` may be +inf.
    """

    path: str
    error: type[SnnvaeError]
    max_entries: int = MAX_ENTRIES
    max_bytes: int = MAX_BYTES
    finite: bool = True
    infinite: frozenset[str] = frozenset()
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
        size, stored = math.prod(data.shape) * data.dtype.itemsize, data.id.get_storage_size()
        self._bytes += size
        if self._bytes > self.max_bytes:
            raise self.error(
                f"{where}: the file's arrays exceed {self.max_bytes >> 30} GiB ({data.shape} here);"
                " it is damaged or hostile"
            )
        if size > PACKED * stored:
            raise self.error(
                f"{where} claims {size} bytes, and {stored} are stored; it is damaged or hostile"
            )
        if self.finite and data.dtype.kind == "f":
            for part in data.iter_chunks() if data.chunks else [()]:
                values = data[part]
                may_be = data.name.rsplit("/", 1)[-1] in self.infinite
                if not (np.isfinite(values) | (may_be & np.isposinf(values))).all():
                    raise self.error(
                        f"{where} holds values that are not finite; export the file again"
                    )
