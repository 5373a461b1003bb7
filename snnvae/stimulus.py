"""Stimulus: what enters a program, for a batch of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.errors import DataError
from snnvae.program import Program
from snnvae.shown import Columns, Shown, as_columns, shape_text


@dataclass(frozen=True)
class Stimulus(Shown):
    """Input streams by name, each (B, T, *shape): bool or 0/1 for spikes, real for analog inputs.

    `samples` are the indices that name the samples (they seed the random draws), `classes` what
    each shows, where the model is conditional. `make_stimulus` and `random_spikes` make one.

    >>> import numpy as np, snnvae as sv
    >>> sv.Stimulus({"in": np.ones((2, 5, 3), bool)}, samples=(0, 1)).columns()["spikes"]
    [15, 15]
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

    def __repr__(self) -> str:
        streams = ", ".join(
            f"'{name}' {shape_text(stream.shape[2:])} {_kind(stream)}"
            for name, stream in self.streams.items()
        )
        some = "sample" if self.batch == 1 else "samples"
        return f"<Stimulus: {self.batch} {some} × {self.steps} steps, seed {self.seed}, {streams}>"

    def columns(self) -> Columns:
        """A row per input and sample; spikes: their number, None for analog values."""
        rows = (
            (name, sample, int(np.count_nonzero(values)) if _is_spikes(stream) else None)
            for name, stream in self.streams.items()
            for sample, values in zip(self.samples, stream)
        )
        return as_columns(("input", "sample", "spikes"), rows)

    def select(self, rows: slice) -> Stimulus:
        """Returns the stimulus of some of the samples."""
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
                    f"if they are meant as currents, pass `analog` {port.name}"
                )


def _is_spikes(stream: np.ndarray) -> bool:
    return stream.dtype == bool or bool(np.isin(stream, (0, 1)).all())


def _kind(stream: np.ndarray) -> str:
    return f"{np.mean(stream, dtype=float):.1%} spikes" if _is_spikes(stream) else "analog"
