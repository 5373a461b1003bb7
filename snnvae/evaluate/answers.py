"""What a sampler's draws say of its variables: probabilities under what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from snnvae.draws.evidence import Evidence
from snnvae.evaluate.proportion import wilson
from snnvae.files import write_text
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.table import Table


class Answers:
    """How often each value of each variable came out, at the last step of each sample."""

    def __init__(self, evidence: Evidence, layer: str) -> None:
        self.variables, self.layer, self.known = evidence.variables, layer, evidence.known
        self.drawn, self.samples = np.zeros(sum(evidence.counts), np.int64), 0

    @classmethod
    def of(cls, program: Program, known: Mapping[str, str]) -> Answers | None:
        """Those of a program whose one output has a neuron for each value of the variables that it
        is told, as far as they are `known`; None of any other."""
        found = (draw for draw in program.draws if isinstance(draw, Evidence))
        told = next(found, None)
        if told is None or len(program.outputs) != 1:
            return None
        told = replace(told, known={**told.known, **known})
        (layer,) = program.outputs.values()
        neurons = program.layer(layer)
        fits = neurons.neuron.spiking and neurons.size == sum(told.counts)
        return cls(told, layer) if fits else None

    def append(self, recording: Recording) -> None:
        """Counts the next samples."""
        last = recording.spikes[self.layer][:, -1]
        self.drawn += last.reshape(len(last), -1).sum(0)
        self.samples += len(last)

    def rows(self) -> list[tuple[str, str, int, float, float, float]]:
        """Variable, value, how often, its share, and where its probability lies (95 %)."""
        names = [(v.name, value) for v in self.variables for value in v.values]
        return [
            (name, value, int(n), n / self.samples, *self._interval(name, int(n)))
            for (name, value), n in zip(names, self.drawn)
        ]

    def _interval(self, name: str, hits: int) -> tuple[float, float]:
        if name in self.known:  # nothing about it is drawn
            return hits / self.samples, hits / self.samples
        return wilson(hits, self.samples)

    @property
    def data(self) -> dict[str, Any]:
        """For scripts: by variable and value."""
        found: dict[str, dict[str, Any]] = {}
        for name, value, n, share, low, high in self.rows():
            row = {"drawn": n, "share": share, "low": low, "high": high}
            found.setdefault(name, {})[value] = row
        return {"answers": found}

    @property
    def text(self) -> str:
        """For people: a table."""
        rows = [
            (name, value, f"{share:.4f}", f"{low:.4f} … {high:.4f}")
            for name, value, _, share, low, high in self.rows()
        ]
        return Table(("variable", "value", "probability", "95 % interval"), rows).as_text()

    def write(self, path: Path) -> Path:
        """Writes them as CSV."""
        columns = ("variable", "value", "drawn", "probability", "low", "high")
        write_text(path, Table(columns, self.rows()).as_csv())
        return path
