"""The torch module that a network came from, on the same samples: its own forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnvae.errors import DataError, GraphError, SnnvaeError
from snnvae.evaluate.task.outcome import Outcome, is_silent
from snnvae.evaluate.task.readout import Readout, of_series
from snnvae.extras import require
from snnvae.inputs.read_file import data_inputs
from snnvae.plain_text import words_of
from snnvae.program import Program

if TYPE_CHECKING:
    from snnvae.export.norse.trace import Trace

NAME = "torch"
"""Of the module's row."""


def module_of(spec: str, weights: Path | None) -> Any:
    """The module that a name and a file of weights give, as `export` takes them."""
    require("torch", "norse")
    from snnvae.export.user_module import build_module, load_weights

    module = build_module(spec)
    if weights is not None:
        load_weights(module, weights)
    return module


class ModuleRun:
    """A module of torch that reads samples as a program of its graph does.

    over_time: its forward() takes (time, batch, …); None: as `from_norse` finds out.
    """

    def __init__(
        self,
        module: Any,
        program: Program,
        output: str,
        readout: Readout,
        steps: int,
        over_time: bool | None = None,
    ) -> None:
        require("torch", "norse")
        from snnvae.export.norse.cells import runs_over_time
        from snnvae.export.norse.protocol import unwrapped
        from snnvae.export.norse.trace import trace

        (self._port,) = data_inputs(program)[:1] or program.inputs[:1]
        if len(program.inputs) > 1:
            raise DataError("the network has several inputs, but a module's forward() takes one")
        module = unwrapped(module)
        if over_time is None:
            over_time = any(runs_over_time(child) for child in module.modules())
        self._module, self._program, self._steps = module, program, steps
        self._output, self._readout = output, readout
        self._trace: Trace = trace(
            module, self._port.shape, steps=steps, over_time=over_time, spikes=not self._port.analog
        )

    def scores(self, data: np.ndarray) -> np.ndarray:
        """The readout of data (B, T, *shape), (B, n) float64; what forward() has summed up over
        the steps itself is taken as it is."""
        from snnvae.export.norse.side_by_side import play
        from snnvae.export.user_module import RAISED

        timed = np.broadcast_to(data, (len(data), self._steps, *self._port.shape)).swapaxes(0, 1)
        try:
            played = play(self._module, self._trace, np.array(timed), None)
        except SnnvaeError:
            raise
        except RAISED as error:
            raise GraphError(f"the module fails on the samples: {words_of(error, 300)}") from error
        place = list(self._program.outputs).index(self._output)
        size = self._program.layer(self._program.outputs[self._output]).size
        try:
            parts = [results[place] for results in played.results]
        except IndexError:
            parts = []
        whole = np.stack(parts) if len(parts) == self._steps else parts[0] if parts else np.zeros(0)
        if whole.size == len(data) * size:
            return whole.reshape(len(data), size).astype(np.float64)
        if whole.size != self._steps * len(data) * size:
            raise DataError(
                f"the module's output has {whole.shape} values, and the network's {size} per "
                "sample and step; give the module that the file came from"
            )
        return of_series(self._readout, whole.reshape(self._steps, len(data), size).swapaxes(0, 1))

    def outcome(self, scores: np.ndarray, scale: float = 1.0) -> Outcome:
        """What all samples' scores are, times `scale`."""
        layer = self._program.layer(self._program.outputs[self._output])
        quiet = is_silent(self._readout, scores, self._steps) if layer.neuron.spiking else None
        return Outcome(NAME, scores * scale, silent=None if quiet is None else int(quiet.sum()))
