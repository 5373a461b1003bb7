"""Functions compiled by numba, kept on disk where there is a place for that.

The first place of these that can be written: `$SNNVAE_CACHE/compiled`; where numba itself keeps
code ($NUMBA_CACHE_DIR, beside the source, the user's cache); a folder of this user's alone in the
system's temporary one. Without any, each process compiles anew. What is kept bears its hash, so
that a file which is damaged or cut short is compiled again, and not run.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, config

VARIABLE = "SNNVAE_CACHE"
_HASH = hashlib.sha256().digest_size


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorates a function of numbers and arrays: compiled when called, without Python's lock."""

    def made(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(nogil=True, **options)(function)
        cache = _cache_of(function)
        if cache is not None:
            dispatcher._cache = cache
        return dispatcher

    return made


def kept_in() -> Path | None:
    """The folder in which the code compiled from this file would be kept; None without any."""
    cache = _cache_of(kept_in)
    return None if cache is None else Path(cache.cache_path)


def _cache_of(function: Callable[..., Any]) -> _Cache | None:
    own = config.CACHE_DIR
    try:
        for place in _places(own):
            config.CACHE_DIR = place
            with suppress(RuntimeError):  # of numba: it finds no place that can be written
                return _Cache(function)
    finally:
        config.CACHE_DIR = own
    return None


def _places(own: str) -> Iterator[str]:
    """Values of numba's CACHE_DIR; numba itself goes on to its other places after each."""
    named = os.environ.get(VARIABLE)
    if named:
        yield str(Path(named).expanduser() / "compiled")
    yield own
    private = _of_this_user()
    if private:
        yield private


def _of_this_user() -> str:
    """A folder that nobody else can put code into; "" where there is none."""
    try:
        folder = Path(tempfile.gettempdir(), f"snnvae-compiled-{os.getuid()}")
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return ""
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return str(folder) if ours and not found.st_mode & 0o077 else ""


class _Cache(caching.FunctionCache):
    """numba's, which neither a damaged file nor a full disk stops."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _Files(
            cache_path=locator.get_cache_path(),
            filename_base=self._impl.filename_base,
            source_stamp=locator.get_source_stamp(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Returns the compiled function, or None where it is to be compiled."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # of another version of something that numba does not compare
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the function, if it can."""
        with suppress(OSError):
            super().save_overload(sig, data)


class _Files(caching.IndexDataCacheFile):
    """A function's files; each ends with the hash of what it holds, which pickle does not read."""

    def _dump(self, obj: Any) -> bytes:
        content: bytes = super()._dump(obj)
        return content + hashlib.sha256(content).digest()

    def _load_index(self) -> Any:
        try:
            with open(self._index_path, "rb") as file:
                pickle.load(file)  # numba's version
                _check(file.read())
            return super()._load_index()
        except Exception:
            return {}

    def _load_data(self, name: str) -> Any:
        _check(Path(self._data_path(name)).read_bytes())
        return super()._load_data(name)


def _check(content: bytes) -> None:
    """OSError, which numba takes as a file that is not there, for what was not written whole."""
    if hashlib.sha256(content[:-_HASH]).digest() != content[-_HASH:]:
        raise OSError("damaged")
