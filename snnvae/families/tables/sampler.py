"""The deployed sampler asked: draws under evidence, and the probabilities that it realises.

A noise neuron fires from one number on that its random inputs add up to, since these ascend: which
one is found by bisection, in runs whose random inputs are chosen and not drawn. So p(x_i | x_rest)
comes out exactly, of whatever backend runs the program, where nothing before variable i's turn is
unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.run import run
from snnvae.draws.clock import Clock
from snnvae.draws.evidence import Evidence, evidence_spikes
from snnvae.draws.patterns import Patterns
from snnvae.errors import DataError
from snnvae.evaluate.answers import Answers
from snnvae.families.tables.judge import Probabilities
from snnvae.families.tables.network import Rows
from snnvae.families.tables.turns import Turns
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress

CELLS = 1 << 25
"""Spikes of the inputs that are made at a time."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """A program that draws rows: its inputs say the variables, their turns, and the noise."""

    program: Program
    seed: int = 0
    backend: Backend = "emulator"
    resources: RunResources = field(default_factory=RunResources)
    progress: Progress = field(default_factory=NoProgress)

    def __post_init__(self) -> None:
        kinds = [type(draw) for draw in self.program.draws]
        if kinds.count(Evidence) != 1 or kinds.count(Clock) != 1 or not self._fits():
            raise DataError(
                "the network draws no rows of variables under evidence: give one that does, as "
                "the model ear"
            )

    def _fits(self) -> bool:
        """Tells whether the output has a neuron for each value, and each stage a random input that
        noise neurons of its variables read."""
        if Answers.of(self.program, {}) is None or len(self.noise) != len(self.turns.stages):
            return False
        readers = [self._readers(draw.port) for draw in self.noise]
        sizes = [[self.program.layer(name).size for name in names] for names in readers]
        return sizes == [[len(stage)] for stage in self.turns.stages]

    @property
    def evidence(self) -> Evidence:
        """The draw that names the variables."""
        return next(draw for draw in self.program.draws if isinstance(draw, Evidence))

    @property
    def turns(self) -> Turns:
        """Whose turn is when."""
        clock = next(draw for draw in self.program.draws if isinstance(draw, Clock))
        return Turns(self.evidence.counts, clock.pace)

    @property
    def noise(self) -> tuple[Patterns, ...]:
        """The random inputs, stage by stage, which is the order of their sub-streams."""
        found = (draw for draw in self.program.draws if isinstance(draw, Patterns))
        return tuple(sorted(found, key=lambda draw: draw.substream))

    def counts(self, evidence: Rows, draws: int) -> NDArray[np.float64]:
        """How often each value came out of `draws` runs under each evidence (Q, N) → (Q, Σ K)."""
        self.progress.start(f"draw, {self.program.precision}", len(evidence))
        found = np.zeros((len(evidence), len(self.turns.owner)))
        total, size = len(evidence) * draws, self._at_once()
        for start in range(0, total, size):
            places = range(start, min(start + size, total))
            asked = np.asarray(places) // draws
            np.add.at(found, asked, self._values(evidence[asked], places))
            self.progress.advance(int(asked[-1] - asked[0]))
        return found

    def rows(self, evidence: Rows, first: int = 0) -> NDArray[np.bool_]:
        """Values (B, Σ K) of a run for each evidence, samples `first` and on."""
        size = self._at_once()
        return np.concatenate(
            [
                self._values(some, range(first + start, first + start + len(some)))
                for start in range(0, len(evidence), size)
                for some in [evidence[start : start + size]]
            ]
        )

    def _values(self, evidence: Rows, places: range) -> NDArray[np.bool_]:
        found = self._run(evidence, places, {})[self._output]
        last: NDArray[np.bool_] = found[:, -1].reshape(len(found), -1)
        return last

    def conditionals(self, evidence: Rows, variable: NDArray[np.int64]) -> Probabilities:
        """p(variable[q] = k | evidence[q]) (Q, most K), 0 beyond its values.

        What comes before a query's variable must be known.
        """
        self.progress.start(f"conditionals, {self.program.precision}", len(evidence))
        size = max(1, self._at_once())
        found = []
        for start in range(0, len(evidence), size):
            end = start + size
            found.append(self._conditionals(evidence[start:end], variable[start:end]))
            self.progress.advance(len(found[-1]))
        return np.concatenate(found)

    def _conditionals(self, evidence: Rows, variable: NDArray[np.int64]) -> Probabilities:
        turns, queries = self.turns, np.arange(len(evidence))
        at = np.array(turns.decided_at)[variable]
        passed = np.ones(len(evidence))
        found = np.zeros((len(evidence), max(turns.counts)))
        silent = self._silent(evidence, variable, at)
        for k, draw in enumerate(self.noise):
            p = draw.p[draw.kind_of[0]]
            fires = np.append(np.cumsum(p[::-1])[::-1], 0.0)[silent[:, k]]
            has = np.array(turns.counts)[variable] - 1 > k
            found[:, k] = np.where(has, passed * fires, found[:, k])
            passed = np.where(has, passed * (1 - fires), passed)
        found[queries, np.array(turns.counts)[variable] - 1] = passed
        return found

    def _silent(
        self, evidence: Rows, variable: NDArray[np.int64], at: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The number of patterns at which each query's k-th noise neuron is silent (Q, stages)."""
        stages, queries = self.turns.stages, np.arange(len(evidence))
        low = np.zeros((len(evidence), len(stages)), np.int64)
        most = np.array([len(draw.table) for draw in self.noise])
        high = np.zeros_like(low) + most
        while (low < high).any():
            middle = np.minimum((low + high) // 2, most - 1)
            data = {
                draw.port: self._shaped(draw.port, draw.table[middle[:, None, k]])
                for k, draw in enumerate(self.noise)
            }
            spikes = self._run(evidence, range(len(evidence)), data)
            for k, stage in enumerate(stages):
                place = np.full(len(self.turns.counts), 0)
                place[list(stage)] = np.arange(len(stage))
                (name,) = self._readers(self.noise[k].port)
                layer = spikes[name].reshape(len(evidence), self.turns.steps, -1)
                fires = layer[queries, at, place[variable]]
                open_ = low[:, k] < high[:, k]
                high[:, k] = np.where(open_ & fires, middle[:, k], high[:, k])
                low[:, k] = np.where(open_ & ~fires, middle[:, k] + 1, low[:, k])
        return low

    def _shaped(self, port: str, spikes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(Q, 1, m) → the same at each step (Q, T, *shape of the port)."""
        (shape,) = (each.shape for each in self.program.inputs if each.name == port)
        every = np.broadcast_to(spikes, (len(spikes), self.turns.steps, spikes.shape[-1]))
        return every.reshape(len(spikes), self.turns.steps, *shape)

    def _readers(self, port: str) -> list[str]:
        """The layers that read an input."""
        return [c.target for c in self.program.connections if c.source == port]

    @property
    def _output(self) -> str:
        (layer,) = self.program.outputs.values()
        return layer

    def _run(
        self, evidence: Rows, places: range, data: Mapping[str, NDArray[np.bool_]]
    ) -> Mapping[str, NDArray[np.bool_]]:
        spikes = evidence_spikes(evidence, self.evidence.counts, self.turns.steps)
        port = self.evidence.port
        shape = next(each.shape for each in self.program.inputs if each.name == port)
        told = {port: spikes.reshape(*spikes.shape[:2], *shape)}
        stimulus = build_stimulus(
            self.program, places, seed=self.seed, steps=self.turns.steps, data={**told, **data}
        )
        found = run(self.program, stimulus, self.backend, resources=self.resources)
        return found.spikes

    def _at_once(self) -> int:
        """Samples of a run."""
        width = sum(int(np.prod(port.shape)) for port in self.program.inputs)
        return max(1, min(8192, CELLS // (width * self.turns.steps)))


def chain(evidence: Rows) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
    """Of each variable the queries whose product is the probability of whole rows (n, N): what
    comes before it is known, it is asked for."""
    for i in range(evidence.shape[1]):
        before = evidence.copy()
        before[:, i:] = -1
        yield before, np.full(len(evidence), i)
