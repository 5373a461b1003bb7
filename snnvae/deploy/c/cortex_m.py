"""A network on an emulated Cortex-M: QEMU's boards, whose programs reach this machine's files.

QEMU knows no cycles of a processor, so instructions are counted: with ``-icount`` each takes the
same time, by which the processor's own timer counts them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from snnvae.deploy.microcontroller.template import template
from snnvae.errors import BackendError

COMPILER, EMULATOR = "arm-none-eabi-gcc", "qemu-system-arm"
BOARDS = {"cortex-m0plus": "mps2-an385", "cortex-m3": "mps2-an385", "cortex-m4": "mps2-an386"}
"""QEMU's board for each core; a Cortex-M0+ has some of a Cortex-M3's instructions, no others."""
FLAGS = ("-O2", "-fno-inline-functions-called-once")
"""Layers that are inlined into one function have too few registers: a fifth more instructions."""
SHIFT = 5
"""An instruction takes 2^SHIFT ns, so that a step may have twenty million."""
TICK = 40
"""Nanoseconds of a tick of these boards' timer, of 25 MHz."""
TIMEOUT = 300
"""Seconds that a run may take."""


class Ran(NamedTuple):
    """What the harness printed, and the instructions of all steps, where they were counted."""

    said: str
    instructions: int | None


def missing() -> str | None:
    """The first tool that is not installed; None where all are."""
    return next((tool for tool in (COMPILER, EMULATOR) if shutil.which(tool) is None), None)


def build(folder: Path, code: Mapping[str, str], core: str, flags: Sequence[str] = ()) -> Path:
    """A program for a core of `BOARDS`, of the network's files and newlib; BackendError where it
    cannot be built."""
    own = {f"chip_{name}": template("c", f"cortex_m/{name}") for name in ("start.c", "chip.ld")}
    for name, text in {**code, **own}.items():
        (folder / name).write_text(text, "utf8")
    sources = [name for name in (*code, *own) if name.endswith(".c")]
    options = [f"-mcpu={core}", "-mthumb", *FLAGS, "-std=gnu99", "-specs=rdimon.specs", *flags]
    _done([COMPILER, *options, "-T", "chip_chip.ld", "-o", "net.elf", *sources], folder)
    return folder / "net.elf"


def run(path: Path, core: str, arguments: Sequence[str]) -> Ran:
    """Runs the harness in the program's folder; BackendError where it fails."""
    words = ",".join(f"arg={word}" for word in ("net", *arguments))
    options = ["-M", BOARDS[core], "-display", "none", "-monitor", "none", "-serial", "none"]
    options += ["-icount", f"shift={SHIFT},sleep=off"]
    options += ["-semihosting-config", f"enable=on,target=native,{words}"]
    said = _done([EMULATOR, *options, "-kernel", path.name], path.parent)
    found = re.search(r"(\d+) ticks", said)
    return Ran(said, None if found is None else int(found[1]) * TICK >> SHIFT)


def _done(arguments: Sequence[str], folder: Path) -> str:
    try:
        ran = subprocess.run(
            arguments, cwd=folder, capture_output=True, text=True, errors="replace",
            timeout=TIMEOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError(f"{arguments[0]} cannot be run: {error}") from None
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if "error" in line] or [
            *ran.stderr.splitlines(), f"exit code {ran.returncode}",
        ]  # fmt: skip
        raise BackendError(f"{arguments[0]} failed: {lines[0]}")
    return ran.stdout + ran.stderr
