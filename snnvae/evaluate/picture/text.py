"""Text in boxes: names are anybody's data, fonts are the reader's.

Boxes are sized for a monospaced font, in cells of one character.
"""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """On one line, with what cannot be seen or turns a line around written out as Python does."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


def cells(text: str) -> int:
    """Width in cells: two for a wide character, none for one that joins the one before it."""
    return sum(_cells_of(c) for c in text)


def shortened(text: str, most: int) -> str:
    """At most `most` cells: the middle of what is longer gives way to "…"."""
    if cells(text) <= most:
        return text
    left, right = (most - 1) - (most - 1) // 2, (most - 1) // 2
    return f"{_start(text, left)}…{_start(text[::-1], right)[::-1]}"


def packed(words: list[str], most: int, between: str = " · ") -> list[str]:
    """Words in as few lines of `most` cells as their order allows."""
    lines: list[str] = []
    for word in (shortened(word, most) for word in words):
        longer = f"{lines[-1]}{between}{word}" if lines else word
        if lines and cells(longer) <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _start(text: str, most: int) -> str:
    used = 0
    for i, character in enumerate(text):
        used += _cells_of(character)
        if used > most:
            return text[:i]
    return text
