"""Names of nodes in code: they are anybody's text, and become identifiers and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable

from snnvae.plain_text import visible

MOST_LETTERS = 40
"""Of an identifier: with what stands before it, below the 63 that C99 tells apart."""
_OTHER = re.compile(r"[^A-Za-z0-9]+")


class Names:
    """An identifier for each name, the same name the same: letters, digits and underscores.

    Each is used behind a word of ours ("spikes_…"), so that none can be a keyword, a macro or begin
    with a digit.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._of: dict[str, str] = {}
        taken: set[str] = set()
        for name in names:
            if name in self._of:
                continue
            stem = _OTHER.sub("_", name).strip("_")[:MOST_LETTERS].rstrip("_") or "unnamed"
            found, n = stem, 2
            while found in taken:
                found, n = f"{stem}_{n}", n + 1
            taken.add(found)
            self._of[name] = found

    def __getitem__(self, name: str) -> str:
        return self._of[name]


def in_comment(text: str) -> str:
    """Text that a comment holds: it ends none, begins none, joins no lines, is no trigraph of C."""
    shown = visible(text, 100)
    return "".join(f"%{ord(c):02X}" if c in "*\\?" else c for c in shown)


def quoted(name: str) -> str:
    """A name in a comment."""
    return f"'{in_comment(name)}'"
