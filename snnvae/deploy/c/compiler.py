"""The C compiler at hand, and what it makes of a network."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from snnvae.errors import BackendError

NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-O2")
MISSING = (
    "no C compiler found (cc, gcc or clang; the variable CC may name another): install one, as by "
    "apt-get install gcc"
)


def found() -> tuple[str, ...] | None:
    """The command of the compiler: what CC names, else the first of `NAMES`; None without one."""
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return tuple(named) if shutil.which(named[0]) else None
    path = next(filter(None, map(shutil.which, NAMES)), None)
    return None if path is None else (path,)


def require() -> tuple[str, ...]:
    """As `found`; BackendError, with the remedy, without one."""
    command = found()
    if command is None:
        raise BackendError(MISSING)
    return command


def build(
    folder: Path, code: Mapping[str, str], command: Sequence[str], flags: Sequence[str] = FLAGS
) -> Path:
    """Writes the files into `folder` and makes the program `net` of them; BackendError where the
    compiler fails."""
    for name, text in code.items():
        (folder / name).write_text(text, "utf8")
    sources = [name for name in code if name.endswith(".c")]
    arguments = [*command, *flags, "-o", "net", *sources]
    try:
        done = subprocess.run(
            arguments, cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise BackendError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or [
            f"exit code {done.returncode}"
        ]
        raise BackendError(f"{' '.join(command)} does not compile the network: {lines[0]}")
    return folder / "net"
