"""Reading what torch.save wrote, by a stranger or by us: plain types and tensors alone."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

from snnvae.errors import CheckpointError


def read_torch(path: Path, remedy: str, missing: str = "") -> Any:
    """The content of a file, on the CPU; nothing in it can run code.

    CheckpointError, with the remedy, for a file that is not there (`missing` says so in other
    words), is no torch file, is damaged, holds objects, or would unpack to more than it is.
    """
    import torch

    if not path.is_file():
        raise CheckpointError(f"{missing or f'{path}: no such file'}: {remedy}")
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is not a torch file, or is cut short: {remedy}")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size <= path.stat().st_size:
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} carries code or objects, not only weights, and was not loaded: {remedy}"
        ) from error
    except Exception as error:  # a malformed pickle may raise anything
        raise CheckpointError(f"{path} is not a torch file, or is damaged: {remedy}") from error
    # torch.save does not compress.
    raise CheckpointError(f"{path} would unpack to {size} bytes, as no torch file does: {remedy}")
