"""How long the command line takes to say anything."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time

from benchmarks.result import Aim, DiffersError, Result
from benchmarks.setup import Setup
from snnvae import __version__, zoo

SNNVAE = [sys.executable, "-m", "snnvae"]


def startup_version(setup: Setup) -> Result:
    """`snnvae --version`."""
    return _quick(setup, "--version", __version__)


def startup_help(setup: Setup) -> Result:
    """`snnvae --help`."""
    return _quick(setup, "--help", "run-lava")


def startup_lava(setup: Setup) -> Result:
    """`snnvae run-lava`, until a terminal shows its first bar."""
    model = str(zoo.path("digits-fsvae"))
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*SNNVAE, "run-lava", model, "-o", folder]
        times = [_first_sign(arguments) for _ in range(min(3, setup.repeats))]
    first, whole = (min(column) for column in zip(*times))
    return Result(
        "startup_lava",
        "snnvae run-lava, first progress",
        first,
        "the whole command",
        whole,
        "s",
        first,
        Aim(3, at_least=False, unit="s"),
        "it ends well",
    )


def _quick(setup: Setup, option: str, expected: str) -> Result:
    took = []
    for _ in range(2 * setup.repeats):
        began = time.perf_counter()
        done = subprocess.run([*SNNVAE, option], check=True, stdout=subprocess.PIPE, text=True)
        took.append(time.perf_counter() - began)
        if expected not in done.stdout:
            raise DiffersError(f"snnvae {option} does not say {expected}")
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    bare = time.perf_counter() - began
    return Result(
        f"startup_{option.strip('-')}",
        f"snnvae {option}",
        min(took),
        "Python itself",
        bare,
        "s",
        min(took),
        Aim(0.3, at_least=False, unit="s"),
        f"it says {expected}",
    )


def _first_sign(arguments: list[str]) -> tuple[float, float]:
    """Seconds until a command writes to its terminal, and until it ends."""
    ours, terminal = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=terminal, stderr=terminal)
    os.close(terminal)
    os.read(ours, 1)
    first = time.perf_counter() - began
    while _more(ours):
        pass
    code = process.wait()
    os.close(ours)
    if code:
        raise DiffersError(f"{' '.join(arguments)} ended with {code}")
    return first, time.perf_counter() - began


def _more(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that nobody writes any more
        return b""
