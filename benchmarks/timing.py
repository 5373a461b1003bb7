"""Timing on a noisy machine: contenders take turns, the best of several rounds counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

SHORT, AT_ONCE = 0.7, 3
"""Seconds below which a job is run several times in a round, and how many."""


def seconds(job: Callable[[], object]) -> float:
    """Of one call."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def best_of(
    contenders: Mapping[str, Callable[[], object]], repeats: int, warm: bool = True
) -> dict[str, float]:
    """The best time of each, by name, of several rounds after a warm-up.

    All run in each round, short ones a few times: the first may find the caches full of another's.
    """
    for job in contenders.values() if warm else ():
        job()
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(repeats):
        for name, job in contenders.items():
            for _ in range(AT_ONCE):
                took = seconds(job)
                best[name] = min(best[name], took)
                if took > SHORT:
                    break
    return best


def per_sample(few: float, many: float, more: int) -> float:
    """Seconds of a sample without any start-up: of two runs, one with `more` samples."""
    return max(many - few, 1e-9) / more
