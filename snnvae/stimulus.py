"""Stimulus: what enters a program, for a batch of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.errors import DataError
from snnvae.program import Program


@dataclass(frozen=True)
class Stimulus:
    """Input streams by name, each (B, T, *shape): bool or 0/1 for spikes, real for analog inputs.

    `samples` are the indices that name the samples (they seed the random draws), `classes` what
    each shows, where the model is conditional.
    """

    streams: Mapping[str, np.ndarray]
    samples: tuple[int, ...]
    seed: int = 0
    classes: tuple[int, ...] = ()

    @property
    def batch(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def steps(self) -> int:
        """Number of logical steps T."""
        return next(iter(self.streams.values())).shape[1]

    def select(self, rows: slice) -> Stimulus:
        """Some of the samples."""
        streams = {name: stream[rows] for name, stream in self.streams.items()}
        return Stimulus(streams, self.samples[rows], self.seed, self.classes[rows])

    def check(self, program: Program) -> None:
        """Raise DataError unless every input has a stream of the right shape and kind."""
        wanted = {i.name for i in program.inputs}
        if wanted != set(self.streams):
            raise DataError(
                f"the stimulus has streams {sorted(self.streams)}, "
                f"the network has inputs {sorted(wanted)}"
            )
        for port in program.inputs:
            stream = self.streams[port.name]
            expected = (self.batch, self.steps, *port.shape)
            if stream.shape != expected:
                raise DataError(f"input '{port.name}' has shape {stream.shape}, needs {expected}")
            if port.analog:
                if not np.isfinite(stream).all():
                    raise DataError(f"input '{port.name}' holds values that are not finite")
            elif stream.dtype != bool and not np.isin(stream, (0, 1)).all():
                raise DataError(
                    f"input '{port.name}' takes spikes (0 or 1) but holds other values; "
                    f"if they are meant as currents, pass --analog {port.name}"
                )
