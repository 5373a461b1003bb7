"""Whole numbers as NIR files hold them: one for all axes, or one each."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnvae.errors import GraphError


def whole_numbers(value: Any, count: int) -> tuple[int, ...]:
    """One whole number for `count` axes, or as many; GraphError for anything else."""
    try:
        numbers = np.broadcast_to(np.asarray(value, np.float64).reshape(-1), count)
        if (numbers == np.trunc(numbers)).all() and np.isfinite(numbers).all():
            return tuple(int(n) for n in numbers)
    except (TypeError, ValueError, OverflowError):
        pass
    axes = "one" if count == 1 else f"one for each of {count} axes"
    raise GraphError(f"needs a whole number, or {axes}, where it has {value!r}")
