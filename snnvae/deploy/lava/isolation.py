"""Lava in a process group of its own: whatever happens to it or to us, nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from snnvae import errors
from snnvae.deploy.lava import leftovers
from snnvae.deploy.lava.job import Job
from snnvae.deploy.lava.watch import killed_by
from snnvae.errors import BackendError
from snnvae.interrupts import interrupts_wait
from snnvae.machine import ONE_THREAD

# Isolated (-I): neither the user's current folder nor PYTHON* settings reach Lava.
_BOOT = (
    "import sys, json, pathlib; sys.path[:] = json.loads(sys.argv[1]); "
    "from snnvae.deploy.lava.worker import main; main(pathlib.Path(sys.argv[2]), int(sys.argv[3]))"
)
_LOG = "lava.log"
_LONGEST_FOLDER = 70
"""Bytes: a socket's path has 107, and multiprocessing adds 33 for its own folder and file."""
_PATIENCE = 5.0
"""Seconds that a process which is done with a chip may take to end."""


class LavaLogError(Exception):
    """The output that Lava's processes printed; the cause of a BackendError."""


class LavaProcess:
    """A process that runs one job; when its `with` block ends, it and all it had are gone.

    Should this process be killed instead, the other sees that and cleans up itself.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._status = -1

    def __enter__(self) -> LavaProcess:
        try:
            with interrupts_wait():
                self.folder = Path(tempfile.mkdtemp(prefix="snnvae-"))
                self._start()
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clean_up()

    def messages(self, timeout: float) -> Iterator[dict[str, Any]]:
        """Yields the process's reports, until it is done.

        Raises the error it reports, or BackendError when it dies or is silent for `timeout`
        seconds.
        """
        pending = b""
        while True:
            *lines, pending = (pending + self._read(timeout)).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "error" in message:
                    error = getattr(errors, message["error"])
                    raise error(message["message"]) from self._log()
                if "done" in message:
                    if self._job.target == "loihi2":
                        self._let_end()
                    return
                yield message

    def _start(self) -> None:
        if len(os.fsencode(self.folder)) > _LONGEST_FOLDER:
            raise BackendError(
                f"the path of the temporary folder {self.folder} is too long for Lava's sockets; "
                "set TMPDIR to a shorter one"
            )
        try:
            self._job.write(self.folder)
        except OSError as error:
            raise BackendError(
                f"cannot write the run into the temporary folder {self.folder}: {error.strerror}; "
                "make room there, or set TMPDIR to another folder"
            ) from error
        self._status, theirs = os.pipe()
        command = [sys.executable, "-I", "-c", _BOOT, json.dumps([*map(str, sys.path)])]
        try:
            with (self.folder / _LOG).open("wb") as log:
                self._process = subprocess.Popen(
                    [*command, str(self.folder), str(theirs)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs,),
                    start_new_session=True,
                    env={**os.environ, **ONE_THREAD, "TMPDIR": str(self.folder)},
                )
        finally:
            os.close(theirs)

    def _read(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self._status], [], [], timeout)
        if not ready:
            raise BackendError(
                f"Lava gave no sign of life for {timeout:g} s and was stopped; "
                "run fewer samples at once or raise the timeout"
            ) from self._log()
        data = os.read(self._status, 65536)
        if not data:
            assert self._process is not None
            code = self._process.wait()
            how = killed_by(-code) if code < 0 else f"ended with {code}"
            raise BackendError(f"Lava's process {how} before it was done") from self._log()
        return data

    def _let_end(self) -> None:
        """Give it a moment to end by itself, and to let a chip go; the rest is the clean-up's."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)

    def _log(self) -> LavaLogError | None:
        try:
            text = (self.folder / _LOG).read_text(errors="replace").strip()
        except OSError:
            return None
        return LavaLogError(text) if text else None

    def _clean_up(self) -> None:
        """Kill the group, then remove what it had."""
        with interrupts_wait():
            # Once it has been waited for, its number may be another's; the kernel has ended its
            # children with it (see `watch`).
            if self._process is not None and self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            if self._status >= 0:
                os.close(self._status)
                self._status = -1
            if self.folder != Path():
                leftovers.remove(self.folder, self._job.token)
