"""The C compiler at hand, and what it makes of a network."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from snnvae.deploy.microcontroller.compiling import compiled, program_in
from snnvae.errors import BackendError
from snnvae.temporary import TemporaryFolder

NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-O2")
EMPTY = "int main(void) { return 0; }\n"
_TARGET = re.compile(r"\w[\w.-]*")
MISSING = (
    "no C compiler found (cc, gcc or clang; the variable CC may name another): install one, as by "
    "apt-get install gcc"
)


def found() -> tuple[str, ...] | None:
    """The command of the compiler: what CC names, else the first of `NAMES`; None without one.

    BackendError where CC names none that there is.
    """
    stated = os.environ.get("CC", "")
    try:
        named = shlex.split(stated)
    except ValueError as error:
        raise BackendError(f"the variable CC, {stated!r}: {error}; mend or unset it") from None
    if named:
        path = shutil.which(named[0])
        if path is None:
            raise BackendError(
                f"the variable CC names {named[0]!r}, which is not found, or is no program: "
                "name a compiler, a path with blanks in quotes, or unset it"
            )
        return (os.path.abspath(path), *named[1:])
    path = next(filter(None, map(shutil.which, NAMES)), None)
    return None if path is None else (path,)


def require() -> tuple[str, ...]:
    """As `found`; BackendError, with the remedy, without one, or where what it makes cannot run
    here."""
    command = found()
    if command is None:
        raise BackendError(MISSING)
    target = foreign_target(command)
    if target is not None:
        raise BackendError(
            f"{' '.join(command)} makes programs for {target}, which this machine cannot run; let "
            "the variable CC name this machine's own compiler, or unset it"
        )
    return command


@cache
def foreign_target(command: tuple[str, ...]) -> str | None:
    """The machine that a cross compiler is for; None where its programs run here, or where it does
    not say what they are for.

    One whose target is named as this machine is believed; any other makes a program, to see.
    """
    target, own = _said((*command, "-dumpmachine")) or "", os.uname()
    if not _TARGET.fullmatch(target):
        return None
    if target.startswith(own.machine) and own.sysname.lower() in target:
        return None
    try:
        with TemporaryFolder() as folder:
            source, made = folder / "empty.c", folder / "empty"
            source.write_text(EMPTY, "utf8")
            runs = _said((*command, "-o", str(made), str(source))) is not None
            return None if runs and _said((str(made),)) is not None else target
    except OSError:  # of the folder: a build says it
        return None


def _said(command: Sequence[str]) -> str | None:
    """What it prints, if it can be run and ends well."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def build(
    folder: Path, code: Mapping[str, str], command: Sequence[str], flags: Sequence[str] = FLAGS
) -> Path:
    """Writes the files into `folder` and makes the program `net` of them; BackendError where the
    compiler fails."""
    for name, text in code.items():
        (folder / name).write_text(text, "utf8")
    sources = [name for name in code if name.endswith(".c")]
    compiled(folder, command, [*flags, "-o", "net", *sources], _is_error)
    return program_in(folder, command)


def _is_error(line: str) -> bool:
    return "error:" in line and "collect2" not in line
