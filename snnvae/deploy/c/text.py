"""Pieces of C that many parts are made of."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

INDENT = "    "
WIDTH = 100


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Lines, deeper."""
    return [f"{INDENT * by}{line}" if line else line for line in lines]


def loop(variable: str, count: int, body: Sequence[str]) -> list[str]:
    """``for`` from 0 to count − 1, or the body alone where that is one turn and names no turn."""
    return [
        f"for (uint32_t {variable} = 0u; {variable} < {count}u; {variable}++) {{",
        *indented(body),
        "}",
    ]


def words(neurons: int) -> int:
    """Words of 32 bits that hold a spike for each neuron."""
    return -(-neurons // 32)


def each_spike(spikes: str, neurons: int, body: Sequence[str], *, masked: bool) -> list[str]:
    """Runs the body for each `source` that fired, and passes over words without any.

    masked: bits beyond the last neuron are not to be trusted, as in what a caller gives.
    """
    count, last = words(neurons), neurons % 32
    bits = f"{spikes}[word]"
    if masked and last:
        mask = f"0x{(1 << last) - 1:X}u"
        bits = (
            f"{bits} & {mask}"
            if count == 1
            else f"{bits} & (word == {count - 1}u ? {mask} : 0xFFFFFFFFu)"
        )
    inner = [
        f"for (uint32_t bits = {bits}; bits != 0u; bits &= bits - 1u) {{",
        f"{INDENT}const uint32_t source = word * 32u + lowest_bit(bits);",
        *indented(body),
        "}",
    ]
    return loop("word", count, inner)


def comment(*paragraphs: str) -> list[str]:
    """A comment of paragraphs, each folded."""
    lines = [line for text in paragraphs for line in textwrap.wrap(text, WIDTH - 3) or [""]]
    return ["/*", *(f" * {line}".rstrip() for line in lines), " */"]


def plus(*terms: str) -> str:
    """A sum of terms, those that begin with a minus subtracted."""
    first, *others = terms
    return first + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in others)


def scaled(variable: str, factor: int) -> str:
    """``factor * variable``, or the variable alone."""
    return variable if factor == 1 else f"{factor}u * {variable}"
