"""Reading the text files that users write: whatever is wrong with one is said in one line."""

from __future__ import annotations

from pathlib import Path

from snnvae.errors import SnnvaeError
from snnvae.git_lfs import refuse_pointer

LARGEST = 64 << 20
"""Bytes of a file that is read as a whole."""


def read_text(
    path: Path, name: str, error: type[SnnvaeError], largest: int = LARGEST, kind: str = "text"
) -> str:
    """The UTF-8 text of a file, of which no line end is changed; `error` where it cannot be read or
    is larger; name: as in "settings a.toml"; kind: of file that is to be given."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
        if len(data) > largest:
            raise error(f"{name} is larger than {largest >> 20} MiB; give a {kind} file")
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as problem:  # ValueError: no UTF-8, or a NUL in the name
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        raise error(f"cannot read {name}: {reason}; give a {kind} file") from None
    refuse_pointer(path, error)
    return text
