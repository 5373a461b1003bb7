"""Reading what torch.save wrote, by a stranger or by us: plain types and tensors alone."""

from __future__ import annotations

import os
import pickle
import pickletools
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from snnvae.errors import CheckpointError
from snnvae.git_lfs import refuse_start

LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How a file of torch before 1.6 begins: a pickle of its magic number."""
ZIP = b"PK\x03\x04"
LEGACY_PICKLES = 4
"""Magic number, version, the sizes of the machine's numbers, the content; then bare values."""


def read_torch(path: Path, remedy: str, missing: str = "") -> Any:
    """The content of a file, on the CPU; nothing in it can run code.

    CheckpointError, with the remedy, for a file that is not there (`missing` says so in other
    words), is no torch file, is damaged, holds objects, or would take more memory than its size.
    """
    if not path.is_file():
        raise CheckpointError(f"{missing or f'{path}: no such file'}: {remedy}")
    try:
        with path.open("rb") as file:
            return _content(file, path, remedy)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from None


def _content(file: IO[bytes], path: Path, remedy: str) -> Any:
    import torch

    start = file.read(64)
    refuse_start(start, path, CheckpointError)
    legacy = start.startswith(LEGACY)
    if not legacy and not start.startswith(ZIP):
        raise CheckpointError(f"{path} is not a torch file, or is cut short or damaged: {remedy}")
    try:
        file.seek(0)
        problem = _claims(file, legacy)
        file.seek(0)
        content = None if problem else torch.load(file, map_location="cpu", weights_only=True)
        problem = problem or next(_views_beyond(content), "")
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} carries code or objects, not only weights, and was not loaded: {remedy}"
        ) from error
    except Exception as error:  # a malformed pickle may raise anything
        raise CheckpointError(
            f"{path} is not a torch file, or is cut short or damaged: {remedy}"
        ) from error
    if problem:
        raise CheckpointError(f"{path} {problem}: {remedy}")
    return content


def _claims(file: IO[bytes], legacy: bool) -> str:
    """What in a file would take more memory than it has bytes; "" if nothing would."""
    if legacy:
        for _ in range(LEGACY_PICKLES):
            _refuse_buffers(file)
        return ""
    length = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > length:
            # torch.save does not compress.
            return f"would unpack to {size} bytes, as no torch file does"
        for entry in archive.infolist():
            if entry.filename.endswith(".pkl"):
                with archive.open(entry) as member:
                    _refuse_buffers(member)
    return ""


def _refuse_buffers(file: IO[bytes]) -> None:
    """A pickle may ask for a bytearray of any size, which torch would make."""
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name in ("GLOBAL", "INST") and "bytearray" in str(argument):
            raise pickle.UnpicklingError("asks for a bytearray")
        if "UNICODE" in opcode.name and argument == "bytearray":  # for STACK_GLOBAL
            raise pickle.UnpicklingError("asks for a bytearray")


def _views_beyond(content: Any, name: str = "a tensor") -> Iterator[str]:
    """Tensors that are not dense, or that repeat their bytes until they are as large as claimed."""
    import torch

    if isinstance(content, torch.Tensor):
        if content.layout != torch.strided or content.device.type != "cpu" or content.is_quantized:
            yield f"holds {name} that is not a dense tensor"
        elif content.numel() * content.element_size() > content.untyped_storage().nbytes():
            yield f"holds {name} that is not a dense tensor: it repeats its values"
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from _views_beyond(value, str(key)[:80])
    elif isinstance(content, (list, tuple)):
        for value in content:
            yield from _views_beyond(value, name)
