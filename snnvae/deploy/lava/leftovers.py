"""Recognises what a run could leave behind: its folder, and shared memory that is ours."""

from __future__ import annotations

import multiprocessing
import shutil
import time
from multiprocessing import shared_memory
from pathlib import Path

_FOLDER = Path("/dev/shm")
_RANDOM_CHARACTERS = 10
_PATIENCE = 5.0
"""Seconds to try."""


def prefix_of(token: str) -> str:
    """Returns what the names of one run's segments begin with."""
    return f"snnvae-{token}-"


def claim(token: str) -> None:
    """Makes every segment and semaphore that this process creates from here on bear the token.

    Python has no public way to name what a SharedMemoryManager creates; these names are stable from
    3.8 to 3.13, and a test sees that they work.
    """
    name = "/" + prefix_of(token)
    vars(shared_memory)["_SHM_NAME_PREFIX"] = name
    vars(shared_memory)["_SHM_SAFE_NAME_LENGTH"] = len(name) + _RANDOM_CHARACTERS
    vars(multiprocessing.current_process())["_config"]["semprefix"] = name


def remaining(token: str) -> list[Path]:
    """Segments of that run which still exist."""
    if not _FOLDER.is_dir():
        return []
    prefix = prefix_of(token)
    return [*_FOLDER.glob(f"{prefix}*"), *_FOLDER.glob(f"sem.{prefix}*")]


def remove(folder: Path, token: str) -> None:
    """Remove both, exactly those of this run.

    A process that is about to end may still put a file into the folder; once the folder itself is
    gone, none can.
    """
    end = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
    for segment in remaining(token):
        segment.unlink(missing_ok=True)
