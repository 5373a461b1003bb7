"""The folder of a fine-tuning: the network, a module's weights, and what is known of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnvae.errors import DataError, UnsupportedError
from snnvae.files import write_aside, write_text
from snnvae.interrupts import deferred_interrupts
from snnvae.strict_json import json_text

if TYPE_CHECKING:
    import nir

NETWORK, WEIGHTS, EPOCHS, METRICS = "model.nir", "weights.pt", "metrics.jsonl", "metrics.json"
RESULTS = (NETWORK, WEIGHTS, EPOCHS, METRICS)


class RunFolder:
    """Writes all files anew after each epoch; those of an earlier run go with the first.

    module: the torch module that `before`, its graph, was made of, if it was.
    """

    def __init__(self, folder: Path, before: nir.NIRGraph, module: Any = None) -> None:
        self.folder = folder
        self._before, self._module = before, module
        self._begun = False
        self.no_weights = ""
        """Why a module's weights are not written."""

    @property
    def files(self) -> list[Path]:
        """Those that are written."""
        left_out = self._module is None or self.no_weights
        return [self.folder / name for name in RESULTS if name != WEIGHTS or not left_out]

    def write(
        self, graph: nir.NIRGraph, epochs: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]
    ) -> None:
        """Writes the network as it is now, a line for each epoch, and the metrics with the epochs.

        An interrupt waits, so that all files are of one epoch.
        """
        from snnvae.export.nir_file import write_nir

        with deferred_interrupts():
            if not self._begun:
                for name in RESULTS:
                    (self.folder / name).resolve().unlink(missing_ok=True)
                self._begun = True
            write_nir(graph, self.folder / NETWORK)
            if self._module is not None:
                self._write_module(graph)
            lines = (json_text(each) + "\n" for each in epochs)
            write_text(self.folder / EPOCHS, "".join(lines))
            self.write_metrics({**metrics, "epochs": list(epochs)})

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Writes what is known of the run."""
        write_text(self.folder / METRICS, json_text(dict(metrics), indent=1) + "\n")

    def _write_module(self, graph: nir.NIRGraph) -> None:
        import torch

        from snnvae.train.network.module import put_back

        try:
            state = put_back(self._module, self._before, graph)
        except UnsupportedError as error:
            self.no_weights = str(error)
            return
        with write_aside(self.folder / WEIGHTS) as aside:
            torch.save(state, aside)


@dataclass(frozen=True)
class HeldOut:
    """What `metrics.json` says of how the network was judged: which samples of how many, by number,
    and whether membranes decide between equal scores."""

    rows: tuple[int, ...]
    count: int
    by_membrane: bool

    @classmethod
    def read(cls, path: Path) -> HeldOut:
        """Of the file; DataError where it is none."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            rows, there = data["held_out"], data["samples"]
            count = there["training"] + there["held_out"]
            membrane = data["settings"]["ties"] == "membrane"
            whole = all(type(n) is int and 0 <= n < count for n in rows)
            if not rows or not whole:
                raise ValueError
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise DataError(
                f"`held_out` {path}: not a {METRICS} of a fine-tuning, which says what it held out"
            ) from None
        return cls(tuple(rows), count, membrane)

    def check(self, count: int) -> None:
        """DataError unless there are as many samples as there were."""
        if count != self.count:
            raise DataError(
                f"`held_out`: the training had {self.count:,} samples, and here are {count:,}; "
                "give those of the training"
            )
