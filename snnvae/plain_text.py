"""Text that files and users bring, made fit to be shown: names and titles are anybody's data.

What is written to a terminal, a page, a picture or a spreadsheet goes through here once, where it
is written; within the program names stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

MOST_CELLS = 1000
"""Of one text: a line of error, a cell of a table. Nothing of our own is as long."""
_LINE_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")


def visible(text: str, most: int = MOST_CELLS) -> str:
    """On one line, in at most `most` cells; what cannot be seen or turns a line around is written
    out as Python does."""
    if not text.isprintable():
        text = "".join(
            c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
            for c in text
        )
    return shortened(text, most)


def one_line(text: str, most: int = MOST_CELLS) -> str:
    """Prose: `visible`, but for line breaks, which are spaces."""
    return visible(_LINE_BREAKS.sub(" ", text), most)


def words_of(error: BaseException, most: int = 200) -> str:
    """What another library's exception says, on one line; its name where it says nothing."""
    return " ".join(one_line(str(error), most).split()) or type(error).__name__


def fault_of(error: Exception) -> str:
    """What is wrong with a file of JSON, by the exception that whoever looked into it met."""
    if isinstance(error, KeyError):  # which says the key alone
        return f"it lacks {words_of(error)}"
    return words_of(error) if isinstance(error, ValueError) else "of another form"


def counted(number: int, what: str) -> str:
    """As "1 step" or "1,200 steps"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    flat = " ".join(one_line(text).split())
    for mark in "\\`*_[]<>|#&~$":
        flat = flat.replace(mark, "\\" + mark)
    # At the start of a line these would begin a list.
    return re.sub(r"^(\d*)([-+.)])(?=[\s-]|$)", r"\1\\\2", flat)


def cells(text: str) -> int:
    """Width in cells: two for a wide character, none for one that joins the one before it."""
    if text.isascii():
        return len(text)
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
