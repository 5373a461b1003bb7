"""The Rust compiler at hand, and what it makes of a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from snnvae.errors import BackendError

EDITION = ("--edition", "2021")
FLAGS = ("-C", "opt-level=3")
MISSING = (
    "no Rust compiler found (rustc; the variable RUSTC may name another): install one, as by "
    "https://rustup.rs"
)


def found() -> tuple[str, ...] | None:
    """The command of the compiler: what RUSTC names, else rustc; None without one.

    BackendError where RUSTC names none that there is.
    """
    stated = os.environ.get("RUSTC", "")
    if stated:
        path = shutil.which(stated)
        if path is None:
            raise BackendError(
                f"the variable RUSTC names {stated!r}, which is not found: name a compiler, or "
                "unset it"
            )
        return (os.path.abspath(path),)
    path = shutil.which("rustc")
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
    (folder / "src").mkdir(exist_ok=True)
    for name, text in code.items():
        (folder / name).write_text(text, "utf8")
    own = [*EDITION, *flags]
    _done([*command, *own, "--crate-name", "net", "--crate-type", "rlib", "-o", "libnet.rlib",
           "src/lib.rs"], folder)  # fmt: skip
    _done([*command, *own, "--crate-name", "run", "--extern", "net=libnet.rlib", "-o", "net",
           "src/main.rs"], folder)  # fmt: skip
    return folder / "net"


def _done(arguments: Sequence[str], folder: Path) -> None:
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise BackendError(done.stderr)
