"""A program on samples, a block after another: what its readout says, and what it does for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.run import run
from snnvae.evaluate.task.outcome import Outcome, is_silent, tied
from snnvae.evaluate.task.readout import Readout, of_recording
from snnvae.hardware_sim.counter import Counter
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


@dataclass
class DeployedRun:
    """A form of the network: a program, the backend that it runs on, and how it is read.

    by_membrane: of equal scores of spikes, the one with the higher membrane after the last step
    goes before. beside: another backend than the one that was asked for.
    """

    name: str
    program: Program
    backend: Backend
    output: str
    readout: Readout
    membranes: bool
    by_membrane: bool
    beside: bool
    resources: RunResources
    progress: Progress | None
    _scores: list[np.ndarray] = field(default_factory=list)
    _second: list[np.ndarray] = field(default_factory=list)
    _spikes: int = 0
    _operations: int = 0

    def __post_init__(self) -> None:
        self._counter = Counter(self.program)

    @property
    def asked(self) -> str:
        """How its backend was asked for."""
        return f"`{'beside' if self.beside else 'backend'}` {self.backend}"

    def add(self, stimulus: Stimulus) -> Recording:
        """Runs the next samples."""
        recording = self._run(stimulus, self.backend, self.membranes)
        scores = of_recording(self.readout, self.program, self.output, recording)
        self._scores.append(scores)
        if self.by_membrane:
            self._second.append(self._last_membranes(stimulus, recording, tied(scores)))
        self._spikes += sum(
            int(recording.spikes[layer.name].sum())
            for layer in self.program.layers
            if layer.neuron.spiking
        )
        self._operations += int(self._counter.operations(recording).sum())
        return recording

    def _run(self, stimulus: Stimulus, backend: Backend, membranes: bool) -> Recording:
        return run(
            self.program,
            stimulus,
            backend,
            membranes=membranes,
            progress=self.progress,
            resources=self.resources,
        )

    def _last_membranes(
        self, stimulus: Stimulus, recording: Recording, which: np.ndarray
    ) -> np.ndarray:
        """Membranes after the last step of some samples, (B, n), 0 elsewhere.

        Where they were not recorded, the emulator runs these samples again: its spikes are those of
        every backend.
        """
        layer = self.program.layer(self.program.outputs[self.output])
        found = np.zeros((stimulus.batch, layer.size))
        if not which.any():
            return found
        if layer.name in recording.membranes:
            traces = recording.membranes[layer.name][which]
        else:
            again = some(stimulus, np.flatnonzero(which))
            traces = self._run(again, "emulator", membranes=True).membranes[layer.name]
        found[which] = layer.to_real(traces[:, -1]).reshape(-1, layer.size)
        return found

    def outcome(self, scale: float = 1.0) -> Outcome:
        """What all samples' scores are, times `scale`."""
        scores = np.concatenate(self._scores)
        spiking = self.program.layer(self.program.outputs[self.output]).neuron.spiking
        quiet = is_silent(self.readout, scores, self.program.steps) if spiking else None
        return Outcome(
            self.name,
            scores * scale,
            second=np.concatenate(self._second) if self._second else None,
            silent=None if quiet is None else int(quiet.sum()),
            spikes=self._spikes / len(scores),
            operations=self._operations / len(scores),
            beside=self.beside,
        )


def some(stimulus: Stimulus, rows: np.ndarray) -> Stimulus:
    """The stimulus of some of the samples, in any order."""
    streams = {name: stream[rows] for name, stream in stimulus.streams.items()}
    label = tuple(stimulus.classes[n] for n in rows) if stimulus.classes else ()
    return Stimulus(streams, tuple(stimulus.samples[n] for n in rows), stimulus.seed, label)
