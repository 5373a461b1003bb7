"""One training at a time in a folder: two would overwrite each other's checkpoints."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from snnvae.errors import ConfigError
from snnvae.files import make_folder

RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")
"""Variables by which the processes of one training, one per device, know themselves."""
HELD = (errno.EACCES, errno.EAGAIN)


@contextmanager
def alone_in(
    folder: Path, tell: Callable[[str], None] | None = None, *, what: str = "training"
) -> Iterator[None]:
    """Makes a folder, and holds it against other processes until the block ends.

    The system gives the lock (flock on a hidden file) back when a process dies, however it does.
    ConfigError that names the other process where there is one; where the file system knows no
    locks, `tell` gets a line and nothing is held. Of several processes of one training the first
    holds it. A folder that is made here and left empty is removed. what: names the file, for work
    that holds a folder beside the training in it.
    """
    if any(os.environ.get(name, "0") not in ("", "0") for name in RANKS):
        yield
        return
    made = not folder.exists()
    make_folder(folder)
    file = folder / f".{what}.lock"
    try:
        handle = _locked(file, folder, tell)
        try:
            yield
        finally:
            if handle is not None:
                file.unlink(missing_ok=True)
                # A process forked from this one shares the lock: closing alone would not end it.
                fcntl.flock(handle, fcntl.LOCK_UN)
                os.close(handle)
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _locked(file: Path, folder: Path, tell: Callable[[str], None] | None) -> int | None:
    """An open file that is locked; None where there are no locks."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 200).decode(errors="replace").strip()
            os.close(handle)
            if error.errno in HELD:
                raise ConfigError(
                    f"{folder} is held by another training, process {holder or 'unknown'}: wait "
                    "for it, or choose another folder"
                ) from None
            file.unlink(missing_ok=True)
            if tell is not None:
                tell(
                    f"{folder} is on a file system without locks ({error.strerror}): see that no "
                    "other training writes into it"
                )
            return None
        if _is_there(file, handle):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()} on {socket.gethostname()}\n".encode())
            return handle
        os.close(handle)  # its holder ended and removed it meanwhile


def _is_there(file: Path, handle: int) -> bool:
    """Tells whether a name still is that of the open file."""
    try:
        return os.path.samestat(os.stat(file), os.fstat(handle))
    except FileNotFoundError:
        return False
