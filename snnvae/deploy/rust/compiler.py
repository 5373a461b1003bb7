"""The Rust compiler at hand, and what it makes of a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from snnvae.deploy.microcontroller.compiling import compiled, program_in
from snnvae.deploy.microcontroller.template import template
from snnvae.errors import BackendError

FLAGS = ("-C", "opt-level=2")
MISSING = (
    "no Rust compiler found (rustc; the variable RUSTC may name another): install one, as told at "
    "https://rustup.rs"
)


def found() -> tuple[str, ...] | None:
    """The command of the compiler: what RUSTC names, else rustc; None without one.

    BackendError where RUSTC names none that there is.
    """
    stated = os.environ.get("RUSTC", "").strip()
    path = shutil.which(stated or "rustc")
    if path is None and stated:
        raise BackendError(
            f"the variable RUSTC names {stated!r}, which is not found, or is no program: "
            "name a compiler, or unset it"
        )
    return None if path is None else (os.path.abspath(path),)


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
    for crate in ("library.args", "harness.args"):
        (folder / crate).write_text(template("rust", crate), "utf8")
        compiled(folder, command, [*flags, f"@{crate}"], lambda line: line.startswith("error"))
    return program_in(folder, command)
