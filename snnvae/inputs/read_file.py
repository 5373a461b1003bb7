"""A file of inputs as arrays: NIR data, or NumPy's `.npy` and `.npz`, checked before read."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

import h5py
import numpy as np

from snnvae.errors import DataError
from snnvae.git_lfs import refuse_start
from snnvae.hardware_sim.make_stimulus import samples_in, steps_of, with_sample_axis
from snnvae.hdf5_check import MAX_BYTES
from snnvae.inputs.nir_data import read_nir_data
from snnvae.plain_text import words_of
from snnvae.program import Input, Program

MAGIC = b"\x93NUMPY"
MAX_HEADER = 1 << 16
ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
KINDS = "a plain .npy or .npz file, nor NIR data"
Read = TypeVar("Read")


def read_input(path: Path, program: Program) -> dict[str, np.ndarray]:
    """Arrays by input name, (samples, steps, *shape): from NIR data or .npz, or .npy where one
    input takes data.

    DataError, in one line, for a file that is none of these, is damaged, claims more than it holds,
    or does not fit the program's inputs; all inputs hold as many samples and steps.
    """
    found = read_arrays(path, program)
    try:
        streams = with_sample_axis(found, program)
        samples_in(streams)
        steps_of(streams, program)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return streams


def read_arrays(path: Path, program: Program) -> dict[str, np.ndarray]:
    """Arrays by input name as the file holds them; DataError where it is none of ours."""
    if path.is_file() and h5py.is_hdf5(path):
        return read_nir_data(path, program)
    return _read_numpy(path, program)


def read_npy(path: Path, name: str) -> np.ndarray:
    """The array of a .npy file that is given as the argument `name`; DataError for any other."""

    def only_array(file: IO[bytes], start: bytes) -> np.ndarray | None:
        return read_array(path, file, _size(path)) if start.startswith(MAGIC) else None

    return _opened(path, only_array, f"pass `{name}` a .npy file", "a plain .npy file")


def data_inputs(program: Program) -> list[Input]:
    """Inputs that the host does not feed."""
    return [port for port in program.inputs if port.name not in program.drawn]


def only_input(program: Program) -> str:
    """The one input that data without a name is for."""
    ports = data_inputs(program) or program.inputs
    if len(ports) != 1:
        names = ", ".join(f"'{port.name}'" for port in ports)
        raise DataError(f"one array, but the inputs are {names}; give arrays by their names")
    return ports[0].name


def _read_numpy(path: Path, program: Program) -> dict[str, np.ndarray]:
    def arrays(file: IO[bytes], start: bytes) -> dict[str, np.ndarray] | None:
        if start.startswith(MAGIC):
            return {_only_input(path, program): read_array(path, file, _size(path))}
        return _archive(path, file, program) if start.startswith(ARCHIVE) else None

    return _opened(path, arrays, "pass `data` a .npy, .npz or NIR data file", KINDS)


def _opened(
    path: Path, read: Callable[[IO[bytes], bytes], Read | None], remedy: str, wanted: str
) -> Read:
    """What `read` makes of a file and its first bytes; DataError where it fails or makes None."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
            file.seek(0)
            found = read(file, start)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {remedy}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: a folder; give the file in it") from None
    except DataError:
        raise
    except Exception as error:  # zip, its packers and NumPy raise what they like
        return _refuse(path, f"damaged: {words_of(error)}", wanted)
    if found is not None:
        return found
    refuse_start(start, path, DataError)
    if not start:
        return _refuse(path, "empty", wanted)
    text = all(byte >= 32 or byte in b"\t\r\n" for byte in start)
    reason = "text; save it with numpy.save" if text else "another kind of file"
    return _refuse(path, reason, wanted)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else MAX_BYTES


def _refuse(path: Path, reason: str, wanted: str = KINDS) -> NoReturn:
    raise DataError(f"{path}: not {wanted} ({reason})")


def _only_input(path: Path, program: Program) -> str:
    wanted = data_inputs(program)
    if len(wanted) != 1:
        raise DataError(
            f"{path}: one array, but the inputs that take data are {_names(wanted)}; pass a .npz"
        )
    return wanted[0].name


def _names(ports: Iterable[Input]) -> str:
    return ", ".join(port.name for port in ports) or "none"


def _archive(path: Path, file: IO[bytes], program: Program) -> dict[str, np.ndarray]:
    """The arrays of the program's inputs, no others."""
    names = [port.name for port in program.inputs]
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if "data.pkl" in {name.rsplit("/")[-1] for name in entries}:
            raise DataError(f"{path}: a file of torch.save; save its arrays with numpy.savez")
        strange = [name for name in entries if name not in names]
        if strange or not entries:
            held = ", ".join(list(entries)[:10])[:200] or "none"
            raise DataError(
                f"{path}: its arrays are {held}, but the network's inputs "
                f"{_names(data_inputs(program))}; "
                f"save them by these names, as in numpy.savez(file, {names[0]}=…)"
            )
        if sum(entry.file_size for entry in entries.values()) > MAX_BYTES:
            raise DataError(f"{path}: its arrays take over {MAX_BYTES >> 30} GiB; split it")
        found = {}
        for name, entry in entries.items():
            with archive.open(entry) as member:
                found[name] = read_array(path, member, entry.file_size)
    return found


def read_array(path: Path, file: IO[bytes], size: int) -> np.ndarray:
    """One array from a stream of `size` bytes, of which its header must say the truth."""
    version = np.lib.format.read_magic(file)
    header: Any = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        header = np.lib.format.read_array_header_2_0
    shape, fortran, kind = header(file, max_header_size=MAX_HEADER)
    if kind.hasobject:
        _refuse(path, "it holds Python objects, which are not read")
    count = math.prod(shape)
    claimed = count * kind.itemsize
    if min(shape, default=0) < 0 or claimed > min(size, MAX_BYTES):
        _refuse(path, f"its header claims {claimed} bytes, and it has {size}")
    content = file.read(claimed)
    if len(content) < claimed:
        _refuse(path, "cut short")
    return np.frombuffer(content, kind, count).reshape(shape, order="F" if fortran else "C")
