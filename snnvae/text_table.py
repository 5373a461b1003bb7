"""Tables of text, the same on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns under headers; numbers to the right."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    listed = [[str(cell) for cell in row] for row in rows]
    for i, header in enumerate(headers):
        numeric = bool(listed) and all(_is_number(row[i]) for row in listed)
        grid.add_column(header, justify="right" if numeric else "left", no_wrap=True)
    for row in listed:
        grid.add_row(*row)
    buffer = StringIO()
    # Width without bound and no markup: a node's name is data.
    Console(file=buffer, width=400, markup=False, highlight=False, color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).strip("\n")


def _is_number(cell: str) -> bool:
    return not cell or cell[0] in "-–0123456789"
