"""Stimuli from NIR data files (`nir.write_data`), checked before anything is made of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from snnvae.errors import DataError
from snnvae.hdf5_check import Hdf5Check, open_hdf5
from snnvae.inputs.events import check_room, step_count, to_grid
from snnvae.program import Input, Program
from snnvae.recording import ANALOG, SPIKES

DT_TOLERANCE = 1e-6
"""Relative difference of two time steps that are the same."""


def read_nir_data(path: Path, program: Program) -> dict[str, np.ndarray]:
    """Streams (B, T, *shape) of those inputs of the program that the file holds.

    DataError, in one line, for a file that is not NIR data or does not fit the program.
    """
    remedy = "write it again with nir.write_data"
    with open_hdf5(path, DataError, "damaged NIR data", remedy) as file:
        nodes = _nodes(file, path)
        check = Hdf5Check(str(path), DataError, finite=False)
        streams = {
            port.name: _stream(nodes, port, program.dt, path, check)
            for port in program.inputs
            if port.name in nodes
        }
        held = ", ".join(list(nodes)[:10])[:200] or "none"
    if not streams:
        inputs = ", ".join(port.name for port in program.inputs)
        raise DataError(
            f"{path}: its nodes are {held}, but the network's inputs {inputs}; name the nodes so"
        )
    return streams


def _nodes(file: h5py.File, path: Path) -> h5py.Group:
    plain = isinstance(file.get("nodes", getlink=True), h5py.HardLink)
    if not plain or _text(file, "__type__") != "NIRGraphData":
        raise DataError(
            f"{path}: an HDF5 file, but not NIR data; write one with nir.write_data, or pass a "
            "recording.h5"
        )
    return file["nodes"]


def _stream(nodes: h5py.Group, port: Input, dt: float, path: Path, check: Hdf5Check) -> np.ndarray:
    """The data of one input, (B, T, *shape)."""
    where = f"{path}: the data of input '{port.name}'"
    if not isinstance(nodes.get(port.name, getlink=True), h5py.HardLink):
        raise DataError(f"{where} links to another place; only plain data is read")
    node = nodes[port.name]
    if not isinstance(node, h5py.Group) or _text(node, "__type__") != "NIRNodeData":
        raise DataError(f"{where} is not that of a node; write it as NIRNodeData")
    check.group(node)
    try:
        observable = _chosen(node["observables"], ANALOG if port.analog else SPIKES)
        kind = _text(observable, "__type__")
        if kind not in _READERS:
            raise DataError(f"is {kind[:40]!r}; write TimeGriddedData or EventData")
        flat = _READERS[kind](observable, port, dt)
        if flat.dtype.kind == "f" and not np.isfinite(flat).all():
            raise DataError("holds values that are not finite; mend them")
    except DataError as error:
        raise DataError(f"{where} {error}") from None
    return flat.reshape(*flat.shape[:2], *port.shape)


def _chosen(observables: h5py.Group, usual: str) -> h5py.Group:
    """The only observable, or the one that a recording of snnvae has."""
    names = list(observables)
    if len(names) != 1 and usual not in names:
        said = ", ".join(names[:5])[:100]
        raise DataError(f"has {len(names)} observables ({said}); keep one, or call it '{usual}'")
    return observables[names[0] if len(names) == 1 else usual]


def _gridded(group: h5py.Group, port: Input, dt: float) -> np.ndarray:
    """TimeGriddedData, as it is."""
    found = _number(group, "dt")
    if not math.isclose(found, dt, rel_tol=DT_TOLERANCE):
        raise DataError(
            f"is in steps of {found:g} s, but the network's dt is {dt:g} s; resample it, or pass "
            "`dt` if the network's is wrong"
        )
    data = _numbers(group, "data", 3)
    _check_size(data.shape[2], port)
    values: np.ndarray = data[()]
    return values


def _events(group: h5py.Group, port: Input, dt: float) -> np.ndarray:
    """EventData and ValuedEventData, put into steps."""
    size = math.prod(port.shape)
    _check_size(_number(group, "n_neurons"), port)
    steps = step_count(_number(group, "t_max"), dt)
    valued = _text(group, "__type__") == "ValuedEventData"
    names = ("idx", "time", "value") if valued else ("idx", "time")
    data = [_numbers(group, name, 2) for name in names]
    if len({item.shape for item in data}) > 1:
        raise DataError(f"needs {', '.join(names)} of one shape (samples, events)")
    if data[0].dtype.kind not in "iu":
        raise DataError(f"has idx of {data[0].dtype}; number the neurons in whole numbers")
    check_room(data[0].shape[0], steps, size, np.dtype(np.float64 if valued else bool))
    index, time, *value = (item[()] for item in data)
    return to_grid(index, time, value[0] if valued else None, dt, steps, size)


_READERS = {"TimeGriddedData": _gridded, "EventData": _events, "ValuedEventData": _events}


def _numbers(group: h5py.Group, name: str, rank: int) -> h5py.Dataset:
    data = group[name]
    if data.dtype.kind not in "biuf" or data.ndim != rank:
        raise DataError(f"has {name} of {data.dtype} {data.shape}, needs numbers of {rank} axes")
    return data


def _check_size(found: float, port: Input) -> None:
    size = math.prod(port.shape)
    if found != size:
        shape = "×".join(map(str, port.shape))
        raise DataError(f"has {found:g} neurons, but the input has {size} ({shape})")


def _text(group: h5py.Group, name: str) -> str:
    """A text among a group's attributes; "" if there is none."""
    value = _attribute(group, name)
    return value.decode("utf8", "replace") if isinstance(value, bytes) else str(value or "")


def _number(group: h5py.Group, name: str) -> float:
    value = _attribute(group, name)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"its {name} is {str(value)[:40]!r}")
    return float(value)


def _attribute(group: h5py.Group, name: str) -> Any:
    """An attribute that is one value, looked at before it is read; None if there is none."""
    if name not in group.attrs:
        return None
    if group.attrs.get_id(name).shape not in ((), (1,)):
        raise ValueError(f"its {name} is not one value")
    return np.asarray(group.attrs[name]).reshape(()).item()
