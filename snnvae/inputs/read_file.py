"""A file of inputs as arrays."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile

import h5py
import numpy as np

from snnvae.errors import DataError
from snnvae.inputs.nir_data import read_nir_data
from snnvae.program import Input, Program


def read_input(path: Path, program: Program) -> dict[str, np.ndarray]:
    """Arrays by input name: from NIR data or .npz, or .npy where one input takes data."""
    if path.is_file() and h5py.is_hdf5(path):
        return read_nir_data(path, program)
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            named = None if isinstance(loaded, np.ndarray) else dict(loaded)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; pass `data` a .npy, .npz or NIR data file"
        ) from None
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        reason = (str(error).splitlines() or ["no more to read"])[0]
        raise DataError(f"{path}: not a plain .npy or .npz file, nor NIR data ({reason})") from None
    if named is not None:
        return named
    wanted = data_inputs(program)
    if len(wanted) != 1:
        names = ", ".join(i.name for i in wanted) or "none"
        raise DataError(
            f"{path}: one array, but the inputs that take data are {names}; pass a .npz"
        )
    return {wanted[0].name: loaded}


def data_inputs(program: Program) -> list[Input]:
    """Inputs that the host does not feed."""
    return [port for port in program.inputs if port.name not in program.drawn]
