"""A compiler is run in the folder of what it compiles; what it says against it is one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from snnvae.errors import BackendError


def compiled(
    folder: Path,
    command: Sequence[str],
    arguments: Sequence[str],
    is_error: Callable[[str], bool],
) -> None:
    """Runs a compiler's command with arguments; BackendError if it cannot be run or fails.

    is_error: tells of a line of what it printed whether it says what is wrong.
    """
    try:
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise BackendError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.splitlines() or [f"exit code {done.returncode}"]
        told = [*filter(is_error, lines)] or lines[-1:]
        raise BackendError(f"{' '.join(command)} does not compile the network: {told[0]}")


def program_in(folder: Path, command: Sequence[str]) -> Path:
    """The program `net` that a command made in a folder; BackendError if it did not."""
    if not (folder / "net").is_file():
        raise BackendError(f"{' '.join(command)} ended well, but made no program: name a compiler")
    return folder / "net"
