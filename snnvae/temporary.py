"""Temporary folders, of which none stays for long, even where a process is killed.

Each is called `snnvae-….run` and locked for as long as its process lives. Who can lock such a
folder may therefore remove it: its process is dead. (`files` does so with files.)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from weakref import finalize

_PREFIX, _SUFFIX = "snnvae-", ".run"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_cleared: set[str] = set()
"""Places that this process has looked through for what dead ones left."""


class TemporaryFolder:
    """An empty folder, `path`, where the system keeps such (TMPDIR names another place).

    It goes when it is closed, when its `with` block or this object ends, or with the process.
    OSError where none can be made.
    """

    def __init__(self) -> None:
        place = tempfile.gettempdir()
        _clear(place)
        lock, self.path = _new(place)
        self._gone = finalize(self, _remove, self.path, lock)

    def close(self) -> None:
        """Removes it, with all that is in it."""
        self._gone()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _new(place: str) -> tuple[int, Path]:
    """A folder, and the open descriptor that locks it."""
    while True:
        path = tempfile.mkdtemp(_SUFFIX, _PREFIX, place)
        with suppress(FileNotFoundError):  # another process cleared it before it was locked
            lock = os.open(path, _OPEN)
            with suppress(OSError):  # a file system without locks: nothing is cleared there either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.exists(path):
                return lock, Path(path)
            os.close(lock)


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


def _clear(place: str) -> None:
    """Removes this user's folders of dead processes, once per process."""
    if place in _cleared:
        return
    _cleared.add(place)
    with suppress(OSError):  # a place may take folders, and not be listed
        for name in os.listdir(place):
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
                _remove_if_dead(Path(place, name))


def _remove_if_dead(path: Path) -> None:
    with suppress(OSError):
        lock = os.open(path, _OPEN)
        try:
            if os.fstat(lock).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)
