"""What the graphs of both modes share: their taps, how they are run and read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lava.magma.compiler.compiler_graphs import find_processes
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io import source

from snnvae.deploy.lava.taps import Taps
from snnvae.deploy.lava.timetable import Timetable
from snnvae.hardware_sim.host import host_currents
from snnvae.program import Program
from snnvae.stimulus import Stimulus

CHANNEL_SLOTS = 4
"""Messages that a channel holds; Lava's default of 64 takes as many times its port's memory."""


@dataclass
class LavaGraph:
    """Lava processes of a program, ready to run.

    Connect further processes to them, run any of them with Lava's ``RunSteps(graph.total)`` and
    `run_config`, read the results and call `stop`. sources: Lava's RingBuffers by (stream, shift,
    delay, first sample); a stream is an input, or an analog-driven connection whose currents the
    host computed.
    """

    program: Program
    stimulus: Stimulus
    taps: Taps
    sources: dict[tuple[str, int, int, int], source.RingBuffer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._currents = host_currents(self.program, self.stimulus)

    @property
    def timetable(self) -> Timetable:
        """The timetable says when each layer computes what."""
        return self.taps.timetable

    @property
    def total(self) -> int:
        """Hardware steps to run."""
        return self.timetable.total

    def processes(self) -> list[AbstractProcess]:
        """Every process of the graph."""
        return [*self.sources.values(), *self.taps.sinks.values()]

    def parts(self) -> list[AbstractProcess]:
        """One process of each connected part, as Lava runs only what is connected."""
        seen: set[int] = set()
        roots = []
        for process in self.processes():
            if process.id not in seen:
                roots.append(process)
                seen.update(found.id for found in find_processes(process))
        return roots

    def source(
        self, stream: str, shift: int, delay: int = 0, samples: slice = slice(0, None)
    ) -> source.RingBuffer:
        """The source of a stream that enters `shift` steps late, by `delay` within each sample."""
        key = (stream, shift, delay, samples.start)
        if key not in self.sources:
            on_host = stream in self._currents
            values = self._currents[stream] if on_host else self.stimulus.streams[stream]
            if delay:
                late = np.zeros_like(values)
                late[:, delay:] = values[:, :-delay]
                values = late
            made = source.RingBuffer(data=self.timetable.stream(values[samples], shift))
            made.name = stream
            self.sources[key] = made
        return self.sources[key]

    @property
    def run_config(self) -> Any:
        """Lava's CPU simulator with float or bit-accurate fixed-point models."""
        tag = "floating_pt" if self.program.precision == "float" else "fixed_pt"
        return Loihi2SimCfg(select_tag=tag, exception_proc_model_map=self.taps.model_map())

    def spikes(self, layer: str) -> np.ndarray:
        """Spikes of a layer after the run, bool (B, T, *shape)."""
        return self.taps.read("spikes", layer).astype(bool)

    def final(self, layer: str) -> np.ndarray:
        """Last membranes of a layer that does not spike, (B, *shape), in the backend's units."""
        return self.taps.read("final", layer)

    def stop(self) -> None:
        """End Lava's processes."""
        for process in self.parts():
            process.stop()


@contextmanager
def own_log_handlers() -> Iterator[None]:
    """Drop the handlers that every Lava process adds to the root logger."""
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        yield
    finally:
        root.handlers[:] = before
