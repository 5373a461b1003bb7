"""Taps: Lava's sinks on what a graph computes, one per kind and layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.proc.io import sink

from snnvae.deploy.lava.processes import recorders
from snnvae.deploy.lava.timetable import Timetable
from snnvae.deploy.lava.trace import Folder, Kind
from snnvae.program import Layer, Program


@dataclass
class Taps:
    """Sinks by (kind, layer). With a folder they write there, else they hold their data."""

    program: Program
    timetable: Timetable
    folder: Folder | None = None
    sinks: dict[tuple[Kind, str], AbstractProcess] = field(default_factory=dict)

    def port(self, kind: Kind, layer: Layer, port: OutPort) -> None:
        """Put a sink on a port."""
        buffer = 1 if self.folder else self.timetable.total
        tap = sink.RingBuffer(shape=port.shape, buffer=buffer)
        port.connect(tap.a_in)
        self._add(kind, layer, tap, port.shape)

    def variable(self, kind: Kind, layer: Layer, variable: Var) -> None:
        """Read a variable after each step, or after each sample's last one."""
        interval = self.timetable.interval(kind)
        phase = self.timetable.first(kind, layer.name) - 1
        buffer = 1 if self.folder else -(-self.timetable.total // interval) + 1
        tap = sink.Read(buffer=buffer, interval=interval, offset=phase % interval)
        tap.connect_var(variable)
        self._add(kind, layer, tap, variable.shape)

    def read(self, kind: Kind, layer: str) -> np.ndarray:
        """What a tap without a folder saw: (N, T, *shape), or (N, *shape) of final membranes."""
        tap, timetable = self.sinks[kind, layer], self.timetable
        values = np.moveaxis(tap.data.get(), -1, 0)
        first, interval = timetable.first(kind, layer), timetable.interval(kind)
        # A Read counts its readings from the first step that has its phase, a RingBuffer steps.
        counts = isinstance(tap, sink.Read)
        start, stride = ((first - 1) // interval, 1) if counts else (first - 1, interval)
        rows = values[start::stride][: timetable.rows(kind)]
        return timetable.by_sample(kind, rows, self.program.layer(layer).shape)

    def _add(self, kind: Kind, layer: Layer, tap: Any, shape: tuple[int, ...]) -> None:
        tap.name = f"{kind} of {layer.name}"
        self.sinks[kind, layer.name] = tap
        if self.folder is None:
            return
        state = float if self.program.precision == "float" else np.int64
        tap.proc_params["trace"] = self.folder.create(
            kind,
            layer.name,
            (self.timetable.rows(kind), *shape),
            bool if kind == "spikes" else state,
            self.timetable.first(kind, layer.name),
            self.timetable.interval(kind),
        )

    def model_map(self) -> dict[type, type]:
        """Lava's `exception_proc_model_map`: with a folder, the models that write there."""
        if self.folder is None:
            return {}
        fixed = self.program.precision == "fixed"
        read = recorders.FileReadFixed if fixed else recorders.FileReadFloat
        return {sink.RingBuffer: recorders.FileSink, sink.Read: read}
