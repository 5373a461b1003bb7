"""Pointers of Git LFS, which stand in a repository where large files should be."""

from __future__ import annotations

from pathlib import Path

from snnvae.errors import SnnvaeError

START = b"version https://git-lfs.github.com"


def refuse_pointer(path: Path, error: type[SnnvaeError]) -> None:
    """Raises `error`, with the remedy, for a pointer; OSError for what cannot be read."""
    with path.open("rb") as file:
        refuse_start(file.read(len(START)), path, error)


def refuse_start(start: bytes, path: Path, error: type[SnnvaeError]) -> None:
    """Raises `error`, with the remedy, where a file that begins so is a pointer."""
    if start.startswith(START):
        raise error(f"{path}: a pointer of Git LFS, not the file; fetch it with git lfs pull")
