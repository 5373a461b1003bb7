"""Pieces of Rust that many parts are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import WIDTH, folded, indented, words


def kind(integers: str) -> str:
    """Rust's name of a type, such as ``i8`` of ``int8``."""
    return integers.replace("uint", "u").replace("int", "i")


def cast(expression: str, held: str, wanted: str) -> str:
    """The expression, of the type `held`, as `wanted`."""
    if held == wanted:
        return expression
    if wanted == "usize":
        return f"{expression} as usize"
    bits, more = int(held[1:]), int(wanted[1:])
    if more > bits and (held[0] == "u" or wanted[0] == "i"):
        return f"{wanted}::from({expression})"
    return f"{expression} as {wanted}"


def block(head: str, body: Sequence[str]) -> list[str]:
    """A head and its body in braces; no head for a scope."""
    return [f"{head} {{".lstrip(), *indented(body), "}"]


def loop(variable: str, count: int, body: Sequence[str]) -> list[str]:
    """``for`` from 0 to count − 1."""
    return block(f"for {variable} in 0..{count}", body)


def each_spike(neurons: int, body: Sequence[str], *, masked: bool) -> list[str]:
    """Runs the body for each `source` of `spikes` that fired.

    masked: bits beyond the last neuron are not to be trusted, as in what a caller gives.
    """
    count, last = words(neurons), neurons % 32
    lines = ["let mut bits = *bits;"]
    if masked and last:
        mask = f"bits &= 0x{(1 << last) - 1:X};"
        lines += [mask] if count == 1 else block(f"if word == {count - 1}", [mask])
    source = "let source = word * 32 + bits.trailing_zeros() as usize;"
    lines += block("while bits != 0", [source, "bits &= bits - 1;", *body])
    return block("for (word, bits) in spikes.iter().enumerate()", lines)


def comment(*paragraphs: str, mark: str = "//") -> list[str]:
    """A comment of paragraphs, each folded; mark: what begins its lines."""
    return [f"{mark} {line}".rstrip() for line in folded(paragraphs, WIDTH - len(mark) - 1)]


def table_text(table: Table) -> str:
    """The definition of a table: of rows, where values are read together."""
    row, held = table.row, kind(table.kind)
    rows = np.asarray(table.values).reshape(-1, row)
    lines: list[str] = []
    line = ""
    for values in rows:
        for n, value in enumerate(values):
            first, last = row > 1 and n == 0, row > 1 and n == row - 1
            word = f"{'[' * first}{int(value)}{']' * last},"
            if len(line) + len(word) + 1 > WIDTH:
                lines.append(line)
                line = ""
            line += f" {word}" if line else f"    {word}"
    body = "\n".join([*lines, line])
    type_ = held if row == 1 else f"[{held}; {row}]"
    told = comment(f"{table.name}{table.index}: {table.comment}; {table.size:,} bytes.")
    head = f"pub(crate) static {table.name}: [{type_}; {len(rows)}] = ["
    return "\n".join([*told, head, body, "];\n"])
