"""A share that takes its time; by itself, so that workers can import it."""

from __future__ import annotations

import time
from pathlib import Path

from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def slow(program: Program, stimulus: Stimulus, threads: int, *, marker: Path) -> Recording:
    """Tells that it has begun, and does not end."""
    (marker / "begun").touch()
    time.sleep(60)
    raise AssertionError
