"""Text in boxes, which are sized for a monospaced font, in cells of one character."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from snnvae.plain_text import cells, shortened

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def packed(words: list[str], most: int) -> list[str]:
    """Words in as few lines of `most` cells as their order allows."""
    lines: list[str] = []
    for word in (shortened(word, most) for word in words):
        if lines and cells(longer := f"{lines[-1]} · {word}") <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def number(value: float) -> str:
    """Four significant digits, with a true minus."""
    return f"{value:.4g}".replace("-", "−")


def seconds(value: float) -> str:
    """In the unit that leaves a number of at least 1."""
    size, unit = next((u for u in _UNITS if abs(value) >= u[0] * (1 - 1e-9)), _UNITS[-1])
    return f"{number(value / size)} {unit}" if value else "0 s"


def span(values: Any, form: Callable[[float], str]) -> str:
    """The one value of an array, or its range "a … b"."""
    array = np.asarray(values)
    if not array.size:
        return "none"
    low, high = form(float(array.min())), form(float(array.max()))
    return low if low == high else f"{low} … {high}"
