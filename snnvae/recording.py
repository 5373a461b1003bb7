"""Recording: what a run gave, the same whichever backend ran it.

Keyed by the NIR graph's own node names and in logical time, so that recordings of any two backends
compare directly. The file holds the graph (`/node`, which `nir.read` opens), the run in NIR's terms
(`/nodes`, flat, which `nir.read_data` opens) and what snnvae adds (`/snnvae`) to load again exactly
what was saved. Its layout: docs/recordings.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from snnvae.errors import DataError
from snnvae.hdf5_check import MAX_BYTES, PACKED, Hdf5Check, open_hdf5
from snnvae.program import Program
from snnvae.recording_writer import FORMAT_VERSION, PARTS, RecordingWriter, summed
from snnvae.shown import Columns, Shown, as_columns

BLOCK_PARTS = ("analog", "final", "outputs")
"""What a block of samples holds, beside its spikes."""
BLOCK_BYTES = 32_000_000
"""Memory of a block, if a single sample does not need more."""
SPIKES, ANALOG, MEMBRANE = "spikes", "input", "v"
"""Observables of a node: its spikes, what an analog input gave, the membrane in NIR's units."""


@dataclass(frozen=True)
class Recording(Shown):
    """Spikes and values of one run over B samples and T steps.

    spikes: spiking layers and spike inputs, bool (B, T, *shape).
    analog: analog inputs, (B, T, *shape) float.
    final: last membrane of each layer that does not spike, (B, *shape), in the backend's units
    (float, or integers of fixed point).
    outputs: value of each output whose layer does not spike, in real units, (B, *shape).
    membranes: membranes after each step where asked for, (B, T, *shape), in the backend's units.
    info: backend, precision, dt, steps, seed, samples, program (SHA-256), latency (hardware steps).

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> recording = sv.run(program, sv.make_stimulus(program, samples=2))
    >>> recording
    <Recording: emulator, float, 2 samples × 16 steps, ... spikes of 4 populations>
    >>> recording.spikes["decoder.1.lif"].shape, recording.outputs["output"].shape
    ((2, 16, 16, 8, 8), (2, 1, 8, 8))
    >>> sorted(recording.columns())  # of pandas.DataFrame(recording.columns())
    ['neurons', 'population', 'rate', 'sample', 'spikes']
    """

    spikes: Mapping[str, np.ndarray]
    analog: Mapping[str, np.ndarray] = field(default_factory=dict)
    final: Mapping[str, np.ndarray] = field(default_factory=dict)
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    membranes: Mapping[str, np.ndarray] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        info, spikes = self.info, sum(int(s.sum()) for s in self.spikes.values())
        backend = info.get("mode", info.get("backend"))
        backend = f"lava-{backend}" if info.get("backend") == "lava" else backend
        count = len(info.get("samples", ()))
        return (
            f"<Recording: {backend}, {info.get('precision')}, {count} "
            f"{'sample' if count == 1 else 'samples'} × {info.get('steps')} steps, "
            f"{spikes:,} spikes of {len(self.spikes)} populations>"
        )

    def columns(self) -> Columns:
        """A row per population and sample: its spikes, and their rate per neuron and step."""
        rows = []
        for name, spikes in self.spikes.items():
            neurons, steps = math.prod(spikes.shape[2:]), spikes.shape[1]
            for sample, of_sample in zip(self.info["samples"], spikes):
                fired = int(of_sample.sum())
                rows.append((name, sample, neurons, fired, fired / (neurons * steps)))
        return as_columns(("population", "sample", "neurons", "spikes", "rate"), rows)

    def events(self) -> dict[str, np.ndarray]:
        """A row per spike: population, sample, step and neuron (counted in C order)."""
        found = {name: np.nonzero(_flat(spikes)) for name, spikes in self.spikes.items()}
        names = [np.full(len(at[0]), name, object) for name, at in found.items()]
        samples = np.asarray(self.info["samples"])
        sample, step, neuron = (
            np.concatenate([at[axis] for at in found.values()]) for axis in range(3)
        )
        return {
            "population": np.concatenate(names),
            "sample": samples[sample],
            "step": step,
            "neuron": neuron,
        }

    def nir_data(self, program: Program | None = None) -> nir.NIRGraphData:
        """The run in NIR's terms: observables (B, T, neurons) by node.

        With the program that ran, recorded membranes are among them, in NIR's units.
        """
        observables = [(SPIKES, name, spikes) for name, spikes in self.spikes.items()]
        observables += [(ANALOG, name, values) for name, values in self.analog.items()]
        for layer in program.layers if program is not None else ():
            if layer.name in self.membranes and not layer.added_by_compiler:
                real = layer.to_real(self.membranes[layer.name])
                observables.append((MEMBRANE, layer.name, real))
        nodes: dict[str, dict[str, nir.TimeGriddedData]] = {}
        for observable, name, values in observables:
            data = nir.TimeGriddedData(_flat(values), self.info["dt"])
            nodes.setdefault(name, {})[observable] = data
        return nir.NIRGraphData({name: nir.NIRNodeData(data) for name, data in nodes.items()})

    def save(self, path: Path, graph: nir.NIRGraph, program: Program | None = None) -> None:
        """Write recording.h5 aside and rename it into place; `program` as for `nir_data`."""
        with RecordingWriter(path, graph, program) as writer:
            writer.append(self)

    @staticmethod
    def joined(parts: Sequence[Recording]) -> Recording:
        """Blocks of samples of one run, in order, as one recording."""
        info: dict[str, Any] = {}
        for part in parts:
            info = summed(info, part.info)
        if "samples" in info:
            info["samples"] = [n for part in parts for n in part.info["samples"]]
        streams = {
            name: _joined([getattr(part, name) for part in parts]) for name in ("spikes", *PARTS)
        }
        return Recording(**streams, info=info)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a recording; DataError, in one line, if the file is not one of ours.

        >>> import snnvae as sv
        >>> graph = sv.read(sv.zoo.path("digits-esvae"))
        >>> program = sv.compile(graph)
        >>> sv.run(program, sv.make_stimulus(program)).save("recording.h5", graph)
        >>> sv.load("recording.h5")
        <Recording: emulator, float, 1 sample × 16 steps, ... spikes of 4 populations>
        """
        with _open(path) as (file, info):
            return cls._rows(file, info, slice(0, len(info["samples"])))

    @classmethod
    def blocks(cls, path: Path) -> Iterator[Recording]:
        """Read a recording some samples at a time, so that any fits into memory; without membranes.

        Errors as of `load`.
        """
        with _open(path) as (file, info):
            samples = len(info["samples"])
            size = max(1, BLOCK_BYTES // max(_bytes_per_sample(file, info, BLOCK_PARTS), 1))
            for start in range(0, samples, size):
                rows = slice(start, min(start + size, samples))
                yield cls._rows(file, info, rows, BLOCK_PARTS)

    @classmethod
    def _rows(
        cls, file: h5py.File, info: dict[str, Any], rows: slice, parts: Sequence[str] = PARTS
    ) -> Recording:
        """Reads some samples of an open file."""
        own = file["snnvae"]
        start = (len(info["samples"]), info["steps"])
        spikes = {
            name: _spikes(file, name, (*start, *shape), rows)
            for name, shape in json.loads(own.attrs["shapes"]).items()
        }
        values = {part: {name: data[rows] for name, data in own[part].items()} for part in parts}
        part_info = {**info, "samples": info["samples"][rows]}
        return cls(spikes=spikes, info=part_info, **values)


load = Recording.load


@contextmanager
def _open(path: Path) -> Iterator[tuple[h5py.File, dict[str, Any]]]:
    """An open recording that was looked through, and what it says of its run."""
    path, remedy = Path(path), "give the recording.h5 of a run"
    if not path.exists():
        raise DataError(f"{path}: no such file; give a recording.h5 that a run wrote")
    if not path.is_file():
        raise DataError(f"{path}: not a recording of snnvae (not a regular file); {remedy}")
    with open_hdf5(path, DataError, "not a recording of snnvae", remedy) as file:
        _check_groups(file, path)
        own = file["snnvae"]
        if (found := int(own.attrs["format"])) != FORMAT_VERSION:
            raise ValueError(f"format {found}, this snnvae reads {FORMAT_VERSION}")
        info = json.loads(own.attrs["info"])
        _check_info(info)
        yield file, info


def _bytes_per_sample(file: h5py.File, info: dict[str, Any], parts: Sequence[str]) -> int:
    """Returns the bytes of the spikes, one byte each, and of some parts."""
    own = file["snnvae"]
    shapes: dict[str, list[int]] = json.loads(own.attrs["shapes"])
    spikes = info["steps"] * sum(math.prod(shape) for shape in shapes.values())
    values = sum(data.nbytes for part in parts for data in own[part].values())
    return int(spikes + values // len(info["samples"]))


def _joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _flat(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).reshape(*values.shape[:2], -1)


def _check_groups(file: h5py.File, path: Path) -> None:
    """Look through everything that is read; a long run may hold more than MAX_BYTES."""
    most = max(MAX_BYTES, PACKED * path.stat().st_size)
    check = Hdf5Check(str(path), DataError, max_bytes=most, finite=False)
    for name in ("snnvae", "nodes"):
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"it has no group '{name}' of its own")
        check.group(file[name])


def _check_info(info: Any) -> None:
    """ValueError unless what a run says of itself is there and of its kind."""
    if not isinstance(info, dict):
        raise ValueError("its info is not a table")
    samples = info.get("samples")
    options = info.get("options", {})
    good = {
        "program": isinstance(info.get("program"), str),
        "backend": isinstance(info.get("backend"), str),
        "precision": info.get("precision") in ("float", "fixed"),
        "dt": _is_number(info.get("dt")) and 0 < info["dt"] < float("inf"),
        "steps": _is_count(info.get("steps")) and info["steps"] > 0,
        "seed": _is_count(info.get("seed")),
        "samples": isinstance(samples, list) and bool(samples) and all(map(_is_count, samples)),
        "options": isinstance(options, dict) and all(map(_is_option, options.values())),
    }
    for key, fits in good.items():
        if not fits:
            raise ValueError(f"its info says {key} = {str(info.get(key))[:40]!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_option(value: object) -> bool:
    """Tells whether it is None, a number, a text, lists of texts (or of such lists),
    or numbers by name."""
    if isinstance(value, dict):
        numbers = [n for row in value.values() for n in (row if isinstance(row, list) else [row])]
        return all(map(_is_number, numbers))
    if not isinstance(value, list):
        return value is None or isinstance(value, (int, float, str))
    rows = [row if isinstance(row, list) else [row] for row in value]
    return all(isinstance(text, str) for row in rows for text in row)


def _spikes(file: h5py.File, name: str, shape: tuple[int, ...], rows: slice) -> np.ndarray:
    """Reads some samples of the spikes of one population, whose shape is (B, T, …), bool."""
    if not all(map(_is_count, shape)):
        raise ValueError(f"'{name}' has the shape {shape[2:]}")
    data = file["nodes"][name]["observables"][SPIKES]["data"]
    if data.dtype != bool:
        raise ValueError(f"the spikes of '{name}' are {data.dtype}, not true or false")
    if data.shape != (*shape[:2], math.prod(shape[2:])):
        raise ValueError(f"the spikes of '{name}' have shape {data.shape}, not that of {shape}")
    spikes: np.ndarray = data[rows].reshape(-1, *shape[1:])
    return spikes
