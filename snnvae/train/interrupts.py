"""Ctrl-C and a polite kill, put off until it suits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def deferred_interrupts() -> Iterator[Callable[[], None]]:
    """Inside, SIGINT and SIGTERM wait until the function that this gives is called.

    It then raises KeyboardInterrupt. So a training step is done whole or not at all, and what is
    saved is where an uninterrupted run has been. Elsewhere than in the main thread, whose signals
    they are, nothing is put off.
    """
    came: list[int] = []

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = {
        number: signal.signal(number, lambda n, _: came.append(n))
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    check()
