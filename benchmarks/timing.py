"""Timing on a noisy machine: contenders take turns, the best of several rounds counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def seconds(job: Callable[[], object]) -> float:
    """Of one call."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def best_of(
    contenders: Mapping[str, Callable[[], object]], repeats: int, warm: bool = True
) -> dict[str, float]:
    """The best time of each, by name; all of them run once in each round, after a warm-up."""
    for job in contenders.values() if warm else ():
        job()
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(repeats):
        for name, job in contenders.items():
            best[name] = min(best[name], seconds(job))
    return best


def per_sample(few: float, many: float, more: int) -> float:
    """Seconds of a sample without any start-up: of two runs, one with `more` samples."""
    return max(many - few, 1e-9) / more
