"""Pieces of text that every language is made of."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

INDENT = "    "
WIDTH = 100


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Lines, deeper."""
    return [f"{INDENT * by}{line}" if line else line for line in lines]


def folded(paragraphs: Iterable[str], width: int) -> list[str]:
    """The lines of paragraphs, none longer than `width` where that can be."""
    return [line for text in paragraphs for line in textwrap.wrap(text, width) or [""]]


def words(neurons: int) -> int:
    """Words of 32 bits that hold a spike for each neuron."""
    return -(-neurons // 32)


def plus(*terms: str) -> str:
    """A sum of terms, those that begin with a minus subtracted."""
    first, *others = terms
    return first + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in others)
