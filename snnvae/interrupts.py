"""Ctrl-C, a polite kill, a closed terminal: the first ends the work, the second the process."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

INTERRUPTED = 130
"""Exit code."""
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AT_ONCE = 0.3
"""Seconds in which several are one: shells and `timeout` pass on what the group has had already."""
_came = _in_charge = False
_SAID = b"snnvae: interrupted\n"


def take_charge() -> None:
    """From now on the first of them raises KeyboardInterrupt; those that are ignored stay so.

    A later one ends the process with code 130, whatever the process is at: a KeyboardInterrupt may
    be lost in a library, a clean-up may hang, compiled code looks at no signal. So a thread waits
    for it. Those that come when Python takes itself apart are ignored. A second call changes
    nothing.
    """
    global _in_charge
    if _in_charge:
        return
    _in_charge = True
    shown = sys.unraisablehook

    def unraisable(what: Any) -> None:
        # Where Python cleans up, a KeyboardInterrupt cannot be raised: `came` tells of it.
        if not (_came and issubclass(what.exc_type, KeyboardInterrupt)):
            shown(what)

    sys.unraisablehook = unraisable
    for number in NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _first)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # What a child gets is not ours.
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
    threading.Thread(target=_watch, args=(reader,), daemon=True, name="snnvae-signals").start()
    atexit.register(_ignore)


def end_at_once() -> None:
    """From now on, after the work, one of them ends the process with code 130 and without a
    traceback of what Python cleans up by itself."""
    for number in NUMBERS:
        if signal.getsignal(number) is _first:
            signal.signal(number, _last)


def came() -> bool:
    """Tells whether one has arrived since `take_charge`."""
    return _came


@contextmanager
def deferred_interrupts() -> Iterator[Callable[[], None]]:
    """Inside, they wait until the function that this gives is called; it raises KeyboardInterrupt.

    So a training step is done whole or not at all, and what is saved is where an uninterrupted run
    has been. Elsewhere than in the main thread, whose signals they are, nothing is put off.
    """
    with _collected(ignored=False) as arrived:

        def check() -> None:
            if arrived:
                raise KeyboardInterrupt

        yield check
    check()


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Those that arrive in this block take effect when it ends.

    A signal mask would not do: it holds for one thread, and the kernel may hand the signal to any
    other, while Python runs the handler in the main thread all the same.
    """
    arrived: list[int] = []
    try:
        with _collected(ignored=True) as arrived:
            yield
    finally:
        for late in dict.fromkeys(arrived):
            signal.raise_signal(late)


@contextmanager
def _collected(*, ignored: bool) -> Iterator[list[int]]:
    """Those that arrive in this block, in the main thread; also such as are ignored otherwise."""
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived
        return

    def note(number: int, _: object) -> None:
        arrived.append(number)

    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, note)
        for number in NUMBERS
        if ignored or signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            # None: a handler that Python did not install, and cannot restore.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _first(*_: object) -> None:
    global _came
    if not _came:
        _came = True
        raise KeyboardInterrupt


def _last(*_: object) -> None:
    if not _came:
        with suppress(OSError):
            os.write(2, _SAID)
        os._exit(INTERRUPTED)


def _ignore() -> None:
    """For the moment in which Python takes itself apart: it gives the signals their default actions
    first, so that a late one, whose work is done or undone, would change the exit code. What hangs
    there is ended by SIGQUIT (Ctrl-\\) or SIGKILL."""
    for number in NUMBERS:
        if signal.getsignal(number) in (_first, _last):
            signal.signal(number, signal.SIG_IGN)


def _watch(reader: int) -> None:
    """Ends the process at the second one."""
    first: float | None = None
    while number := os.read(reader, 1):
        now = time.monotonic()
        if number[0] not in NUMBERS:
            continue
        if first is not None and now - first > _AT_ONCE:
            with suppress(OSError):
                os.write(2, _SAID)
            os._exit(INTERRUPTED)
        first = now if first is None else first
