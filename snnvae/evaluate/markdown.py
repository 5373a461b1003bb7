"""Tables as Markdown has them."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False
) -> str:
    """A row of `headers` and one for each of `rows`. numbers: all columns but the first hold
    numbers, and stand to the right."""
    others = "---:" if numbers else "---"
    rules = "|".join(["---", *[others] * (len(headers) - 1)])
    head, *body = (f"| {' | '.join(row)} |" for row in (headers, *rows))
    return "\n".join([head, f"|{rules}|", *body])
