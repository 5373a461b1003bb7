"""A language that a fixed-point program is written in, for chips and for a run on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnvae.deploy.backends import Backend
from snnvae.deploy.c.network import Network


@dataclass(frozen=True)
class Dialect:
    """How its programs are built and run here.

    title: as texts call it. command: of its compiler, which raises BackendError, with the remedy,
    without one. build: writes a network and its harness into a folder, compiles them with the
    command and the flags, and returns the program, which takes `watched` to write what layers do.
    """

    backend: Backend
    title: str
    flags: Sequence[str]
    watched: Sequence[str]
    command: Callable[[], tuple[str, ...]]
    build: Callable[[Path, Network, Sequence[str], Sequence[str]], Path]
