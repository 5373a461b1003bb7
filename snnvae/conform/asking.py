"""Asking a tool in a process of its own: it may hang, die or print, and nothing else is harmed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any

from snnvae.conform.read_suite import Arrays, Entry, read_arrays
from snnvae.conform.suite.rules import Rules
from snnvae.conform.worker import OUTPUT
from snnvae.errors import DataError, UnsupportedError
from snnvae.interrupts import interrupts_wait
from snnvae.machine import ONE_THREAD
from snnvae.temporary import TemporaryFolder

START = 120.0
"""Seconds that a tool may take to be imported."""
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from snnvae.conform.worker import main; main()"
)


class Asked:
    """A tool that is asked case after case, in one process as long as that lives.

    When its `with` block ends, the process is gone.
    """

    def __init__(self, tool: str, patience: float) -> None:
        self.tool, self.patience = tool, patience
        self._process: subprocess.Popen[bytes] | None = None
        self._pending = b""

    def __enter__(self) -> Asked:
        self._folder = TemporaryFolder()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._folder.close()

    def outputs(self, case: Entry, rules: Rules) -> Arrays:
        """What the tool puts out; UnsupportedError, with the reason, where it puts out nothing."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        into = self._folder.path / "outputs.npz"
        told = {
            "file": str(case.file.resolve()),
            "arrays": str(case.file.with_suffix(".npz").resolve()),
            "inputs": list(case.inputs),
            "dt": case.dt,
            "rules": rules.as_dict(),
            "into": str(into),
        }
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._line(self.patience)
        if "refused" in answer:
            kind, reason = answer["kind"], answer["refused"]
            raise UnsupportedError(reason if kind == "UnsupportedError" else f"{kind}: {reason}")
        try:
            found = read_arrays(into)
        except DataError as error:
            raise UnsupportedError(f"its outputs cannot be read: {error}") from None
        return {name.removeprefix(OUTPUT): rows for name, rows in found.items()}

    def _start(self) -> None:
        command = [sys.executable, "-c", _BOOT, json.dumps([*map(str, sys.path)]), self.tool]
        with interrupts_wait():
            self._pending = b""
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **ONE_THREAD, "JAX_PLATFORMS": "cpu"},
            )
        self._line(START)

    def _line(self, patience: float) -> dict[str, Any]:
        """The next line of the process, which is stopped where none comes in time."""
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._pending:
            ready, _, _ = select.select([descriptor], [], [], patience)
            data = os.read(descriptor, 65536) if ready else b""
            if not data:
                self._stop()
                raise UnsupportedError(
                    "its process died" if ready else f"gives no answer within {patience:g} s"
                )
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _stop(self) -> None:
        with interrupts_wait():
            if self._process is None:
                return
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None
