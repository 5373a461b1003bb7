"""Writes a recording, whole or some samples at a time, so that it may be larger than memory."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import h5py
import nir
import numpy as np

from snnvae.hdf5_write import hdf5_aside
from snnvae.program import Program

FORMAT_VERSION = 1
PARTS = ("analog", "final", "outputs", "membranes")
"""Of a recording, beside its spikes."""
CHUNK_BYTES = 1 << 20
"""Of what HDF5 packs at once: no more than a sample, so that blocks of samples read alone."""
SMALL_CHUNK = 1 << 14
"""Samples that are smaller are packed several at once: HDF5 takes 2 kB of memory for each chunk."""
_PACKED = {"compression": "gzip", "compression_opts": 1}
"""A higher level packs spikes a fifth smaller in twice the time."""


class Block(Protocol):
    """What is read of a `Recording`, beside its `PARTS`."""

    @property
    def spikes(self) -> Mapping[str, np.ndarray]:
        """Bool (B, T, …) by population."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What the run says of itself."""

    def nir_data(self, program: Program | None = None) -> nir.NIRGraphData:
        """The run in NIR's terms."""


class RecordingWriter(AbstractContextManager["RecordingWriter"]):
    """Writes recording.h5 aside, block after block; renames it into place when all went well.

    The layout of `/nodes` is that of ``nir.write_data``, which only writes what is in memory.
    With the program that ran, recorded membranes are among the nodes' data, in NIR's units.
    """

    def __init__(self, path: Path, graph: nir.NIRGraph, program: Program | None = None) -> None:
        self._path, self._graph, self._program = path, graph, program
        self._stack = ExitStack()
        self._info: dict[str, Any] = {}
        self._samples: list[int] = []
        self._shapes: dict[str, tuple[int, ...]] = {}

    def __enter__(self) -> RecordingWriter:
        self._output = self._stack.enter_context(hdf5_aside(self._path))
        self._file = self._stack.enter_context(h5py.File(self._output, "w"))
        self._file.attrs["__type__"] = "NIRGraphData"
        self._file.create_group("nodes")
        self._own = self._file.create_group("snnvae")
        for part in PARTS:
            self._own.create_group(part)
        return self

    def append(self, recording: Block) -> None:
        """Add a block of samples of the same run."""
        for name, node in recording.nir_data(self._program).nodes.items():
            for observable, data in node.observables.items():
                _append(self._grid(name, observable, data.dt), "data", data.data)
        for part in PARTS:
            for name, values in getattr(recording, part).items():
                _append(self._own[part], name, values)
        self._samples += recording.info.get("samples", [])
        self._info = summed(self._info, recording.info)
        self._shapes = {name: s.shape[2:] for name, s in recording.spikes.items()}
        self._output.check()

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        self._file.flush()
        return self._output.seek(0, os.SEEK_END)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        except BaseException as failure:
            self._stack.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        buffer = BytesIO()
        nir.write(buffer, self._graph)
        with h5py.File(buffer, "r") as source:
            for name in ("version", "node"):
                source.copy(name, self._file)
        self._own.attrs["format"] = FORMAT_VERSION
        samples = {"samples": self._samples} if self._samples else {}
        self._own.attrs["info"] = json.dumps(self._info | samples)
        self._own.attrs["shapes"] = json.dumps(self._shapes)

    def _grid(self, name: str, observable: str, dt: float) -> h5py.Group:
        """The group of an observable on a grid of steps."""
        nodes = self._file["nodes"]
        if name not in nodes:
            node = nodes.create_group(name)
            node.attrs["__type__"] = "NIRNodeData"
            node.create_group("observables")
        observables = nodes[name]["observables"]
        if observable not in observables:
            grid = observables.create_group(observable)
            grid.attrs["__type__"], grid.attrs["dt"] = "TimeGriddedData", dt
        return observables[observable]


def summed(before: dict[str, Any], info: Any) -> dict[str, Any]:
    """Returns what is said of a run of several blocks: counts add up, all else is the last's."""
    total = {**before, **info}
    for key in ("saturated", "recomputed", "additions"):
        if key in before and key in info:
            total[key] = _plus(before[key], info[key])
    return total


def _plus(a: Any, b: Any) -> Any:
    return {name: a[name] + b[name] for name in a} if isinstance(a, dict) else a + b


def _append(group: h5py.Group, name: str, values: np.ndarray) -> None:
    """Rows at the end of a data set, which the first ones make."""
    if name in group:
        data = group[name]
        start = len(data)
        data.resize(start + len(values), axis=0)
        data[start:] = values
        return
    last = values.shape[-1] if values.ndim > 1 else 1
    row = max(values[:1].nbytes, 1)
    rows = max(1, SMALL_CHUNK // row)
    chunk = (rows, *values.shape[1:-1], max(1, min(last, last * CHUNK_BYTES // row)))
    group.create_dataset(
        name,
        data=values,
        maxshape=(None, *values.shape[1:]),
        chunks=chunk[: values.ndim] if values.size else True,
        **_PACKED,
    )
