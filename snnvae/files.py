"""Files are written aside and renamed, so that a killed run leaves nothing half-written.

What is written is called `.snnvae-….part` and locked for as long as its process lives. Who can lock
such a file may therefore remove it: its process is dead.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from snnvae.errors import OutputError, SnnvaeError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: on the disk, in a quota, in a file."""
_PREFIX, _SUFFIX = ".snnvae-", ".part"
_DEVICES = ("/dev", "/proc", "/sys")
_FILES = ("/dev/shm",)
_CHOOSE = "a folder that you can write"
_cleared: set[Path] = set()
"""Folders that this process has looked through for what dead ones left."""


def make_folder(path: Path) -> Path:
    """Make a folder for results and see that it can be written, before any work is done."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write into {path}: {error.strerror}; choose another folder"
        ) from None
    _clear(path.resolve())
    return path


def obstacle(path: Path, *, folder: bool = False) -> str:
    """Why nothing can be written at `path`, a file or a folder for files; "" where it can.

    A device, pipe or socket is never written over, since a file would take its place. Nothing is
    made: a folder that is not there yet counts as writable where it could be made.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode) and not folder:
            return "is a folder; name a file in it"
        if stat.S_ISREG(mode) and folder:
            return "is a file; name a folder"
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return "is a device, a pipe or a socket; name a file on disk"
    except FileNotFoundError:
        pass
    except OSError as error:
        long = error.errno == errno.ENAMETOOLONG
        return f"{error.strerror}; choose {'a shorter name' if long else _CHOOSE}"
    if _among_devices(Path(os.path.abspath(path))) or _among_devices(path.resolve()):
        return "lies among the system's devices; name a file on disk"
    nearest = path.resolve() if folder else path.resolve().parent
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        return f"{nearest} is not a folder; choose another"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} cannot be written; choose {_CHOOSE}"
    return ""


def no_folder(path: str | Path) -> str:
    """What is wrong with a path that should name a folder, in words; "" for a folder."""
    if os.path.isdir(path):  # unlike Path.is_dir, of any text
        return ""
    return "a file" if os.path.exists(path) else "no such folder"


def _among_devices(path: Path) -> bool:
    return any(path.is_relative_to(f) for f in _DEVICES) and not any(
        path.is_relative_to(f) for f in _FILES
    )


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed onto it when the block ends well, else removed.

    A link stays one: what it points to is written. Raises OutputError where the folder cannot be
    made or written, where there is no more room, and where a file would take a device's place.
    """
    path = Path(path)
    problem = obstacle(path)
    if problem:
        raise OutputError(f"cannot write {path}: {problem}")
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target.parent)
        lock, temporary = _new(target.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose {_CHOOSE}") from None
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        cause = None if isinstance(error, SnnvaeError) else _system_error(error)
        if cause is not None:
            raise OutputError(f"cannot write {path}: {said_of(cause)}") from error
        raise
    finally:
        os.close(lock)


class WrittenFile(io.RawIOBase):
    """A file to be read and written, which keeps the first thing that failed.

    It gives no number of a file, by which libraries would write past it.
    """

    def __init__(self, path: Path) -> None:
        self._disk = io.FileIO(path, "r+")
        self.failure: OSError | None = None

    def check(self) -> None:
        """Raises the OSError that struck, if one did."""
        if self.failure is not None:
            raise self.failure

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves, as files do."""
        return self._disk.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        """Reads what has been written."""
        return self._disk.readinto(buffer) or 0

    def write(self, data: Any) -> int:
        """Writes all of it, where the system may take a part."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest:
                rest = rest[self._disk.write(rest) :]
        except OSError as error:
            self.failure = self.failure or error
            raise
        return size

    def truncate(self, size: int | None = None) -> int:
        """Cuts or lengthens it."""
        return self._disk.truncate(size)

    def close(self) -> None:
        """Ends it; some systems tell only here that there was no room."""
        try:
            self._disk.close()
        except OSError as error:
            self.failure = self.failure or error
        super().close()


Written = TypeVar("Written", bound=WrittenFile)


@contextmanager
def open_aside(path: Path) -> Iterator[IO[bytes]]:
    """A new file that is `path` when the block ends well, as with `write_aside`.

    What fails at it is known whatever a library makes of it: torch raises RuntimeError for a full
    disk, others say nothing.
    """
    with write_aside(path) as temporary, written(WrittenFile(temporary)) as file:
        yield cast(IO[bytes], file)


@contextmanager
def written(file: Written) -> Iterator[Written]:
    """Closes the file; raises the OSError that struck it in place of what was made of it."""
    try:
        with file:
            yield file
    except Exception as error:
        if file.failure is None:
            raise
        raise file.failure from error
    file.check()


def write_text(path: Path, text: str) -> None:
    """Write a text file aside and rename it into place."""
    with open_aside(path) as file:
        file.write(text.encode())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _new(folder: Path) -> tuple[int, Path]:
    """An empty file in the folder, and the open descriptor that locks it."""
    while True:
        handle, name = tempfile.mkstemp(_SUFFIX, _PREFIX, folder)
        with suppress(OSError):  # a file system without locks: nothing is cleared there either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # another process cleared it before it was locked


def _clear(folder: Path) -> None:
    """Removes what dead processes left in the folder, once per process."""
    if folder in _cleared:
        return
    _cleared.add(folder)
    for name in os.listdir(folder):
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
            _remove_if_dead(folder / name)


def _remove_if_dead(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _system_error(error: BaseException | None) -> OSError | None:
    """The system's own error, which a library may have wrapped in another where room is lacking."""
    if isinstance(error, OSError):
        return error
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return error
        error = error.__cause__ or error.__context__
    return None


def said_of(error: OSError) -> str:
    """What the system says, with a remedy where there is no room."""
    text = error.strerror or str(error)
    return f"{text}; make room, or choose another folder" if error.errno in FULL else text
