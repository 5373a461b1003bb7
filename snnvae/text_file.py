"""Reading the text files that users write: whatever is wrong with one is said in one line."""

from __future__ import annotations

from pathlib import Path

from snnvae.errors import SnnvaeError
from snnvae.git_lfs import refuse_pointer

LARGEST = 64 << 20
"""Bytes of a file that is read as a whole."""


def read_text(path: Path, name: str, error: type[SnnvaeError]) -> str:
    """The UTF-8 text of a file; `error` where it cannot be read; name: as in "settings a.toml"."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise error(f"{name} is larger than {LARGEST >> 20} MiB; give a text file")
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as problem:  # ValueError: no UTF-8, or a NUL in the name
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        raise error(f"cannot read {name}: {reason}") from None
    refuse_pointer(path, error)
    return text
