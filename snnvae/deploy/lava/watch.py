"""Inside the process that runs Lava: nothing outlives its purpose, and nothing hangs."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from snnvae.deploy.lava import leftovers
from snnvae.plain_text import visible

_PERIOD = 0.1
"""Seconds between two looks."""
_PR_SET_PDEATHSIG = 1


def die_with_this_process(*descriptors: int) -> None:
    """Children forked from here on are killed by the kernel when this process ends (Linux).

    They also close `descriptors`, so that those tell of this process alone.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def in_child() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for descriptor in descriptors:
            os.close(descriptor)

    os.register_at_fork(after_in_child=in_child)


class Watch(Thread):
    """Looks after the parent and Lava's processes.

    When the parent is gone, it removes what the run has left and ends it. When one of Lava's
    processes has failed or died, which Lava itself would wait for in vain, it reports that once.
    """

    def __init__(
        self, parent: int, folder: Path, token: str, report: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True, name="snnvae-watch")
        self._parent, self._folder, self._token, self._report = parent, folder, token, report
        self._actors: Sequence[tuple[str, Any]] = ()
        self._looking = Lock()

    def expect(self, actors: Sequence[tuple[str, Any]]) -> None:
        """Sets which processes, (name, process), must be alive from now on; no others need be."""
        with self._looking:
            self._actors = tuple(actors)

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            time.sleep(_PERIOD)
            if os.getppid() != self._parent:
                self._abandon()
            with self._looking:
                problem = next(filter(None, map(_problem, self._actors)), None)
                if problem is not None:
                    self._actors = ()
                    self._report(problem)

    def _abandon(self) -> None:
        """No one waits for the result: leave nothing.

        The kernel ends Lava's processes with this one; Python's resource tracker outlives it by a
        moment and removes a segment that has been made meanwhile.
        """
        leftovers.remove(self._folder, self._token)
        os.kill(os.getpid(), signal.SIGKILL)


def _problem(named: tuple[str, Any]) -> str | None:
    name, actor = named
    what = failure(actor)
    return None if what is None else f"Lava process '{name}' {what}"


def failure(actor: Any) -> str | None:
    """Says what has gone wrong with one of Lava's processes, in words; None if it runs.

    The traceback of an exception goes to stderr.
    """
    try:
        exception = actor.exception
    except Exception as error:  # an exception of the model's that cannot be unpickled here
        return f"failed: {error}"
    if exception is not None:
        print(*map(visible, exception[1].splitlines()), sep="\n", file=sys.stderr, flush=True)
        return f"failed: {exception[1].strip().splitlines()[-1]}"
    if actor.is_alive():
        return None
    code = actor.exitcode
    if code is not None and code < 0:
        return killed_by(-code)
    return f"ended with exit code {code}"


def killed_by(number: int) -> str:
    """In words, with what it means where shared memory could not be had."""
    text = f"was killed by {signal.Signals(number).name}"
    if number == signal.SIGBUS:
        text += ": /dev/shm, shared memory, is full; make room, or run fewer samples at once"
    return text


def actors_of(runtime: Any) -> list[tuple[str, Any]]:
    """Lava's processes by name: one per process of the graph, then its services."""
    infrastructure = runtime._messaging_infrastructure
    names = [process.name for process in runtime._executable.proc_builders]
    services = ["runtime service"] * (len(infrastructure.actors) - len(names))
    return list(zip([*names, *services], infrastructure.actors, strict=True))
