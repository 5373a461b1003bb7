"""Standard output and error of a process of ours: they may lack letters, a reader, or room."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import Any, TextIO

from snnvae.errors import OutputError

NOBODY_READS = 141
"""Exit code where the reader of a pipe went away, as a shell reports tools that SIGPIPE ended."""
NARROWEST = 40
"""Columns: what is narrower than this is no width to fit anything into."""


def guard() -> None:
    """From now on a letter that stdout or stderr cannot encode is a "?".

    When their reader goes away, as `head` does, SystemExit(141) ends the process, without a word.
    OutputError where stdout's device is full; what stderr has no room for is lost.
    """
    sys.stdout, sys.stderr = map(_guarded, (sys.stdout, sys.stderr))


def width_of(stream: TextIO | None) -> int | None:
    """Columns of the terminal that a stream writes to; None where it is none: all is shown."""
    if stream is None or not stream.isatty():
        return None
    return max(shutil.get_terminal_size().columns, NARROWEST)


class _Bytes(io.BufferedWriter):
    """The bytes of a stream, by its number; signals are not touched, since sockets break too."""

    def __init__(self, number: int) -> None:
        super().__init__(io.FileIO(number, "w", closefd=False))

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self._give_up(error)
            return len(data)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        # What is still in the buffer goes nowhere at the end, without a second complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(NOBODY_READS) from None
        if self.fileno() != 2:
            raise OutputError(
                f"cannot write to standard output: {error.strerror}; send it elsewhere"
            ) from None


def _guarded(stream: TextIO) -> TextIO:
    """None stays None: that is a stream that was closed before."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    return io.TextIOWrapper(
        _Bytes(stream.fileno()),
        stream.encoding,
        "replace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
