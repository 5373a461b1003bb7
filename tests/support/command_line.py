"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import io
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from snnvae.cli import main

PROGRESS = re.compile(r".+: \d+/\d+ in \d+ s( \S+)*")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """Its lines on stderr, but for those by which long work says how far it is.

        Those come by the clock, so that a busy machine has more of them.
        """
        return [line for line in self.err.splitlines() if not PROGRESS.fullmatch(line)]

    @property
    def mistake(self) -> str:
        """The one line that a user's mistake gets."""
        assert self.code == 2, (self.code, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err
        (line,) = self.said
        assert line.startswith("snnvae: ")
        return line


def snnvae(*arguments: object) -> Ended:
    """snnvae('inspect', path) → how it ended."""
    before = signal.getsignal(signal.SIGTERM)
    out, err = io.StringIO(), io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main([str(argument) for argument in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    return Ended(ended.value.code or 0, out.getvalue(), err.getvalue())


Cli = Callable[..., Ended]


def printed(*arguments: object) -> str:
    """What a command prints; it must end well."""
    ended = snnvae(*arguments)
    assert ended.code == 0, (arguments, ended.err)
    return ended.out
