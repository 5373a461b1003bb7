"""A job: what we hand to the process that runs Lava, in a private folder, and what comes back."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from snnvae.deploy.lava.timetable import Mode, Target, Timetable
from snnvae.deploy.lava.trace import Folder, Kind, output_kind
from snnvae.program import Program
from snnvae.stimulus import Stimulus

_FILE = "job.pickle"


@dataclass(frozen=True)
class Job:
    """The job of one run. `token` marks its shared memory;
    `parent` is the process that waits for it."""

    program: Program
    stimulus: Stimulus
    mode: Mode
    membranes: bool
    target: Target
    token: str
    parent: int

    @property
    def timetable(self) -> Timetable:
        """The timetable says when each layer computes what."""
        batch, steps = self.stimulus.batch, self.stimulus.steps
        return Timetable.of(self.program, batch, steps, self.mode, self.target)

    def folder(self, path: Path) -> Folder:
        """Returns the folder in which the run's traces lie."""
        return Folder(path, {layer.name: i for i, layer in enumerate(self.program.layers)})

    def kinds(self) -> list[tuple[Kind, str]]:
        """The traces that the run leaves, by kind and layer."""
        kinds: list[tuple[Kind, str]] = []
        for layer in self.program.layers:
            kinds.append((output_kind(layer), layer.name))
            if self.membranes:
                kinds.append(("membranes", layer.name))
        return kinds

    def write(self, path: Path) -> None:
        """Writes the job into the run's private folder."""
        with (path / _FILE).open("wb") as file:
            pickle.dump(self, file, pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def read(path: Path) -> Job:
        """Reads the job from the run's private folder.
        It is ours alone (mode 0700), so the pickle is what we wrote."""
        with (path / _FILE).open("rb") as file:
            job: Job = pickle.load(file)
        return job
