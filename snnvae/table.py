"""Tables: one value that a terminal, a page, Markdown and a spreadsheet each show in their form."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from itertools import repeat

from snnvae.plain_text import cells, markdown_text, one_line, visible

MOST_CELLS = 300
"""Of a cell on a terminal, where the longest of a column widens every row."""
LEAST_CELLS = 12
"""Of a column of text that is cut for a terminal."""
_width: int | None = None
_FORMULA = tuple("=+-@＝＋－＠")
"""A spreadsheet computes what begins so."""


def fit_to(width: int | None) -> None:
    """From now on tables as text take at most so many columns of a terminal, where that can be."""
    global _width
    _width = width


@dataclass(frozen=True)
class Table:
    """Rows of cells under the names of their columns.

    text: columns that hold no numbers; where it is None, a terminal finds out from the cells, and
    nothing else aligns them. foot: a last row that sums up.

    >>> print(Table(("name", "n"), [("a", 1), ("b|c", 20)]).as_markdown())
    | name | n |
    |---|---|
    | a | 1 |
    | b\\|c | 20 |
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    text: Container[int] | None = None
    foot: Sequence[object] = ()
    caption: str = ""

    def as_text(self, *, ruled: bool = True) -> str:
        """Aligned columns, numbers to the right; `ruled`: with a line under the header."""
        texts = [[one_line(str(cell), MOST_CELLS) for cell in row] for row in self._all_rows()]
        margin, gap = (" ", "   ") if ruled else ("", "  ")
        columns = _fitted([*zip(*texts, strict=True)], len(margin), len(gap))
        padded = []
        for n, column in enumerate(columns):
            width = max(map(cells, column))
            number = _all_numbers(column[1:]) if self.text is None else n not in self.text
            spaces = [" " * (width - cells(cell)) for cell in column]
            padded.append([s + c if number else c + s for s, c in zip(spaces, column)])
        lines = [margin + gap.join(row) for row in zip(*padded)]
        if ruled:
            lines.insert(1, margin + "─" * (cells(lines[0]) - len(margin)))
        return "\n".join(line.rstrip() for line in lines)

    def as_markdown(self, rules: tuple[str, str] = ("---", "---:"), *, marked: bool = False) -> str:
        """A pipe table. rules: below the header, for text and for numbers; marked: the cells are
        Markdown already, and only their pipes are escaped."""
        form = _piped if marked else markdown_text
        head, *body = (
            f"| {' | '.join(form(str(cell)) for cell in row)} |" for row in self._all_rows()
        )
        numbers = [self.text is not None and n not in self.text for n in range(len(self.columns))]
        return "\n".join([head, f"|{'|'.join(rules[number] for number in numbers)}|", *body])

    def as_html(self, *, bare: bool = False) -> str:
        """A <table> whose first cells name their rows, and whose cells of text have the class
        "text"; `bare`: of cells alone, for a notebook, which has a style of its own."""
        caption = f"<caption>{escape(one_line(self.caption))}</caption>"
        if bare:
            body = (_html(repeat("td"), row) for row in (*self.rows, *self._feet()))
            return f"<table>{caption}{_html(repeat('th'), self.columns)}{''.join(body)}</table>"
        places = range(len(self.columns))
        kinds = [' class="text"' if self.text and n in self.text else "" for n in places]
        names = [f'th scope="col"{kind}' for kind in kinds]
        ends = ['th scope="row"', *(f"td{kind}" for kind in kinds[1:])]
        lines = [
            "<table>",
            caption,
            f"<thead>{_html(names, self.columns)}</thead>",
            "<tbody>",
            *(_html(ends, row) for row in self.rows),
            "</tbody>",
            *(f"<tfoot>{_html(ends, row)}</tfoot>" for row in self._feet()),
            "</table>",
        ]
        return "\n".join(lines)

    def as_csv(self, *, verbatim: bool = False) -> str:
        """Values as they are, and text that no spreadsheet takes for a formula; `verbatim`: text
        as it is too, which stands in a file of the user's own beside it."""
        buffer = StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerows(
            row if verbatim else map(_for_spreadsheet, row) for row in self._all_rows()
        )
        return buffer.getvalue()

    def _all_rows(self) -> Iterator[Sequence[object]]:
        yield from (self.columns, *self.rows, *self._feet())

    def _feet(self) -> list[Sequence[object]]:
        return [self.foot] if self.foot else []


def _all_numbers(column: Sequence[str]) -> bool:
    return bool(column) and all(not cell or cell[0] in "-–0123456789" for cell in column)


def _piped(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def _html(tags: Iterable[str], row: Sequence[object]) -> str:
    cells = zip(tags, (escape(one_line(str(cell))) for cell in row))
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag.split()[0]}>' for tag, cell in cells)}</tr>"


def _for_spreadsheet(cell: object) -> object:
    """Numbers as they are. Lines of a text stay apart: they stand in quotes."""
    if not isinstance(cell, str):
        return cell
    text = "\n".join(map(visible, cell.split("\n")))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fitted(columns: list[tuple[str, ...]], margin: int, gap: int) -> list[tuple[str, ...]]:
    """The columns, of which the widest that hold text are cut until a line fits the terminal."""
    if _width is None:
        return columns
    widths = [max(map(cells, column)) for column in columns]
    may = [not _all_numbers(column[1:]) for column in columns]
    while margin + sum(widths) + gap * (len(widths) - 1) > _width:
        widest = max(range(len(widths)), key=lambda n: widths[n] if may[n] else 0)
        if not may[widest] or widths[widest] <= LEAST_CELLS:
            break
        widths[widest] -= 1
    return [
        tuple(one_line(cell, width) for cell in column) for column, width in zip(columns, widths)
    ]
