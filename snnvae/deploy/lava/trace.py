"""Traces: what one port or variable showed over the steps, written to a file while Lava runs.

Reading a Lava variable costs a message per value, so our models of Lava's sinks write here instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from snnvae.program import Layer

Kind = Literal["spikes", "final", "membranes"]


def output_kind(layer: Layer) -> Kind:
    """Returns what a run keeps of a layer: its spikes, or the last membrane if it has none."""
    return "spikes" if layer.neuron.spiking else "final"


@dataclass
class Trace:
    """Rows of a .npy file: row n is hardware step ``first + n·interval``, counted from 1.

    Values of other steps are dropped: those before a layer's first logical step, and those after
    its last. The file holds (rows, neurons), or in batched mode (samples, rows, neurons), of which
    this trace has the samples `samples`.
    """

    path: Path
    first: int
    interval: int = 1
    samples: slice | None = None
    _rows: np.ndarray | None = field(default=None, init=False, repr=False)

    def put(self, step: int, values: np.ndarray) -> None:
        """Store the values of a hardware step, if it has a row."""
        if self._rows is None:
            self._rows = np.load(self.path, mmap_mode="r+")
        row, rest = divmod(step - self.first, self.interval)
        count = len(self._rows) if self.samples is None else self._rows.shape[1]
        if rest or not 0 <= row < count:
            return
        if self.samples is None:
            self._rows[row] = values
        else:
            self._rows[self.samples, row] = values


@dataclass(frozen=True)
class Folder:
    """Traces of a run, one file per kind and layer. `numbers` numbers the layers."""

    path: Path
    numbers: Mapping[str, int]

    def file(self, kind: Kind, layer: str) -> Path:
        """Returns where that trace lies; layer names may hold anything, so files have numbers."""
        return self.path / f"{kind}-{self.numbers[layer]}.npy"

    def create(self, kind: Kind, layer: str, shape: tuple[int, ...], dtype: type) -> Path:
        """An empty file of `shape`, unless there is one."""
        path = self.file(kind, layer)
        if not path.exists():
            np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape).flush()
        return path

    def read(self, kind: Kind, layer: str) -> np.ndarray:
        """Reads all of a file into memory."""
        rows: np.ndarray = np.load(self.file(kind, layer))
        return rows
