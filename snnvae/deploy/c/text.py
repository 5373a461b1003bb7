"""Pieces of C that many parts are made of."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import INDENT, WIDTH, folded, indented, words


def loop(variable: str, count: int, body: Sequence[str]) -> list[str]:
    """``for`` from 0 to count − 1, or the body alone where that is one turn and names no turn."""
    return [
        f"for (uint32_t {variable} = 0u; {variable} < {count}u; {variable}++) {{",
        *indented(body),
        "}",
    ]


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
    lines = folded(paragraphs, WIDTH - 3)
    return ["/*", *(f" * {line}".rstrip() for line in lines), " */"]


def scaled(variable: str, factor: int) -> str:
    """``factor * variable``, or the variable alone."""
    return variable if factor == 1 else f"{factor}u * {variable}"


def table_text(table: Table) -> str:
    """The definition of a table."""
    kind = f"{table.kind}_t"
    suffix = {"uint64_t": "u", "uint32_t": "u"}.get(kind, "")
    words, lines, line = (f"{int(v)}{suffix}" for v in table.values.reshape(-1)), [], ""
    for word in words:
        if len(line) + len(word) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line += f"{word}, " if line else f"    {word}, "
    lines.append(line)
    body = "\n".join(each.rstrip() for each in lines)
    return (
        f"/* {table.name}{table.index}: {table.comment}; {table.size:,} bytes. */\n"
        f"static const {kind} {table.name}[{table.values.size}] = {{\n{body}\n}};\n"
    )
