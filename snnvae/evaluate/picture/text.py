"""Text in boxes: names are anybody's data, fonts are the reader's; numbers in short.

Boxes are sized for a monospaced font, in cells of one character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def printable(text: str) -> str:
    """On one line, with what cannot be seen or turns a line around written out as Python does."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


def cells(text: str) -> int:
    """Width in cells: two for a wide character, none for one that joins the one before it."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def shortened(text: str, most: int) -> str:
    """At most `most` cells: the middle of what is longer gives way to "…"."""
    if cells(text) <= most:
        return text
    widths = [cells(c) for c in text]
    left = sum(used <= most // 2 for used in accumulate(widths))
    right = sum(used <= (most - 1) // 2 for used in accumulate(reversed(widths)))
    return f"{text[:left]}…{text[len(text) - right :]}"


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
