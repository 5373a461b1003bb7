"""Taps: Lava's sinks on what a graph computes, one per kind and layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.proc.io import sink

from snnvae.deploy.lava.processes import recorders
from snnvae.deploy.lava.timetable import Timetable
from snnvae.deploy.lava.trace import Folder, Kind, Trace
from snnvae.program import Layer, Program


@dataclass
class Taps:
    """Sinks by name. With a folder they write there, else they hold their data."""

    program: Program
    timetable: Timetable
    folder: Folder | None = None
    sinks: dict[str, AbstractProcess] = field(default_factory=dict)

    def port(self, kind: Kind, layer: Layer, port: OutPort, samples: slice | None = None) -> None:
        """Put a sink on a layer's port; in batched mode it gets the samples `samples`."""
        self._on_port(_name(kind, layer.name), port, kind, (layer,), samples)

    def all_spikes(self, port: OutPort, samples: slice) -> None:
        """Put one sink on a port with the spikes of all layers that spike, in their order."""
        layers = tuple(layer for layer in self.program.layers if layer.neuron.spiking)
        self._on_port("spikes of all", port, "spikes", layers, samples)

    def variable(self, kind: Kind, layer: Layer, variable: Var) -> None:
        """Read a variable after each step, or after each sample's last one."""
        interval = self.timetable.interval(kind)
        phase = self.timetable.first(kind, layer.name) - 1
        buffer = 1 if self.folder else -(-self.timetable.total // interval) + 1
        tap = sink.Read(buffer=buffer, interval=interval, offset=phase % interval)
        tap.connect_var(variable)
        self._add(_name(kind, layer.name), tap, kind, (layer,), None)

    def read(self, kind: Kind, layer: str) -> np.ndarray:
        """Gives what a tap without a folder saw:
        (N, T, *shape), or (N, *shape) of final membranes."""
        tap, timetable = self.sinks[_name(kind, layer)], self.timetable
        values = np.moveaxis(tap.data.get(), -1, 0)
        first, interval = timetable.first(kind, layer), timetable.interval(kind)
        # A Read counts its readings from the first step that has its phase, a RingBuffer steps.
        counts = isinstance(tap, sink.Read)
        start, stride = ((first - 1) // interval, 1) if counts else (first - 1, interval)
        rows = values[start::stride][: timetable.rows(kind)]
        if timetable.mode == "batched":
            rows = np.ascontiguousarray(rows.swapaxes(0, 1))
        return timetable.by_sample(kind, rows, self.program.layer(layer).shape)

    def _on_port(
        self,
        name: str,
        port: OutPort,
        kind: Kind,
        layers: Sequence[Layer],
        samples: slice | None,
    ) -> None:
        buffer = 1 if self.folder else self.timetable.total
        tap = sink.RingBuffer(shape=port.shape, buffer=buffer)
        port.connect(tap.a_in)
        self._add(name, tap, kind, layers, samples)

    def _add(
        self, name: str, tap: Any, kind: Kind, layers: Sequence[Layer], samples: slice | None
    ) -> None:
        tap.name = name if samples is None else f"{name}, from sample {samples.start}"
        self.sinks[tap.name] = tap
        if self.folder is None:
            return
        traces, at = [], 0
        for layer in layers:
            columns = slice(at, at + layer.size)
            traces.append((columns, self._trace(self.folder, kind, layer, samples)))
            at += layer.size
        tap.proc_params["traces"] = tuple(traces)

    def _trace(self, folder: Folder, kind: Kind, layer: Layer, samples: slice | None) -> Trace:
        timetable = self.timetable
        state = float if self.program.precision == "float" else np.int64
        lead = () if samples is None else (timetable.samples,)
        shape = (*lead, timetable.rows(kind), layer.size)
        path = folder.create(kind, layer.name, shape, bool if kind == "spikes" else state)
        first, interval = timetable.first(kind, layer.name), timetable.interval(kind)
        return Trace(path, first, interval, samples)

    def model_map(self) -> dict[type, type]:
        """Lava's `exception_proc_model_map`: with a folder, the models that write there."""
        if self.folder is None:
            return {}
        fixed = self.program.precision == "fixed"
        read = recorders.FileReadFixed if fixed else recorders.FileReadFloat
        return {sink.RingBuffer: recorders.FileSink, sink.Read: read}


def _name(kind: Kind, layer: str) -> str:
    return f"{kind} of {layer}"
