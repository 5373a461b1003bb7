"""Fine-tunes a NIR graph on samples with answers, by back-propagation through time."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.progress import NoProgress, Progress
from snnvae.train.network.readouts import TRAINED_READOUTS, TrainedReadout
from snnvae.train.network.run import Ran, TorchRun
from snnvae.train.network.weights import Parameter, TrainedGraph
from snnvae.train.randomness import order


@dataclass(frozen=True)
class Lesson:
    """Samples, and what the network should answer.

    data: by input, (B, T, *shape), or (B, 1, *shape) of a constant one. answers: classes (B,), or
    targets (B, outputs), which the readout times `scale` is to meet. by_membrane: of equal best
    scores the class with the higher membrane after the last step is the answer, else the lower one.
    """

    data: Mapping[str, np.ndarray]
    answers: np.ndarray
    steps: int
    output: str
    readout: TrainedReadout
    scale: float = 1.0
    by_membrane: bool = False

    @property
    def regression(self) -> bool:
        """Tells whether values are to be met."""
        return self.answers.ndim == 2


@dataclass(frozen=True)
class Course:
    """How long and how fast: Adam, whose rate falls from `lr` to 0 along half a cosine."""

    epochs: int = 3
    lr: float = 1e-3
    batch: int = 64
    seed: int = 0


class FineTuning:
    """A graph that is being trained as it will be deployed: in float64, or in Loihi's integers.

    frozen: weights and biases that stay as they are. UnsupportedError by node for what cannot be
    trained, ConfigError for what cannot be asked, and what compiling raises.
    """

    def __init__(
        self,
        graph: nir.NIRGraph,
        lesson: Lesson,
        course: Course,
        precision: Precision = "fixed",
        options: Options | None = None,
        frozen: Collection[Parameter] = (),
    ) -> None:
        if lesson.readout not in TRAINED_READOUTS:
            raise ConfigError(
                f"`readout` {lesson.readout} has no gradient; choose {', '.join(TRAINED_READOUTS)}"
            )
        self._lesson, self._course = lesson, course
        self._trained = TrainedGraph(graph, precision, options, frozen)
        self.check()
        program, _ = self._trained.program()
        refuse_drawn(program)
        self._layer = program.outputs[lesson.output]
        self._run = TorchRun(program)
        self._optimizer = torch.optim.Adam(self._trained.parameters.values(), lr=course.lr)
        self._done = 0

    @property
    def graph(self) -> nir.NIRGraph:
        """The graph as it is now; it compiles to what is trained without any option."""
        self._trained.write()
        return self._trained.graph

    def epochs(self, progress: Progress | None = None) -> Iterator[dict[str, Any]]:
        """Trains; gives what each epoch was like, after it.

        A record holds epoch, loss, lr, seconds, and accuracy (of classes) on the samples as they
        were met.
        """
        progress, course = progress or NoProgress(), self._course
        count = len(self._lesson.answers)
        batches = math.ceil(count / course.batch)
        for epoch in range(1, course.epochs + 1):
            progress.start(f"epoch {epoch}/{course.epochs}", batches)
            began, losses, right = time.perf_counter(), 0.0, 0
            for rows in order(course.seed, epoch, count).split(course.batch):
                loss, hits = self._step(rows.numpy(), self._done / (course.epochs * batches))
                losses, right = losses + loss * len(rows), right + hits
                progress.advance(loss=loss)
                self._done += 1
            progress.finish()
            record = {
                "epoch": epoch,
                "loss": losses / count,
                "lr": self._optimizer.param_groups[0]["lr"],
                "seconds": time.perf_counter() - began,
            }
            yield record if self._lesson.regression else {**record, "accuracy": right / count}

    def check(self) -> None:
        """UnsupportedError if fixed point cannot hold what was trained."""
        compile_graph(self.graph, self._trained.precision)

    def _step(self, rows: np.ndarray, done: float) -> tuple[float, int]:
        """One step of the optimizer; its loss, and how many answers were right."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._course.lr * (1 + math.cos(math.pi * done)) / 2
        self._optimizer.zero_grad()
        program, ran = self._ran(rows)
        scores = self._read(program, ran)
        answers = torch.from_numpy(self._lesson.answers[rows])
        if self._lesson.regression:
            loss, hits = F.mse_loss(scores * self._lesson.scale, answers), 0
        else:
            loss = F.cross_entropy(scores, answers)
            hits = int((self._answers(scores.detach(), ran) == answers).sum())
        if not torch.isfinite(loss):
            raise ConfigError(f"the loss is not finite; lower `lr` {self._course.lr:g}")
        loss.backward()
        self._optimizer.step()
        self._trained.keep_within()
        return float(loss.detach()), hits

    def scores(self, rows: np.ndarray) -> Tensor:
        """The readout of some samples, (B, outputs)."""
        return self._read(*self._ran(rows))

    def _ran(self, rows: np.ndarray) -> tuple[Program, Ran]:
        """The program as it is now, and what its output layer did on some samples."""
        program, slots = self._trained.program()
        data = {
            name: torch.from_numpy(values[rows].astype(np.float64))
            for name, values in self._lesson.data.items()
        }
        ran = self._run(program, slots, data, self._lesson.steps, (self._layer,))
        return program, ran[self._layer]

    def _answers(self, scores: Tensor, ran: Ran) -> Tensor:
        """The classes (B,) that scores (B, outputs) tell, as `evaluate` takes them."""
        if not self._lesson.by_membrane:
            return scores.argmax(1)
        last = self._run.neurons(self._layer).to_real(ran.membranes[:, -1].detach()).flatten(1)
        best = scores == scores.amax(1, keepdim=True)
        return last.masked_fill(~best, -math.inf).argmax(1)

    def _read(self, program: Program, ran: Ran) -> Tensor:
        return self._readout(program, ran).flatten(1)

    def _readout(self, program: Program, ran: Ran) -> Tensor:
        readout = self._lesson.readout
        if readout in ("count", "rate"):
            return ran.spikes.sum(1) if readout == "count" else ran.spikes.mean(1)
        real = self._run.neurons(self._layer).to_real(ran.membranes)
        if program.readouts[self._lesson.output].tanh:
            real = real.tanh()
        if readout == "mean":
            return real.mean(1)
        return real[:, -1] if readout == "last" else real.amax(1)


def refuse_drawn(program: Program) -> None:
    """ConfigError for a program with an input that the host draws: there are no samples of it."""
    if program.drawn:
        raise ConfigError(
            f"input '{min(program.drawn)}' is drawn by the host, so there is no sample of it; "
            "train such a model by its settings"
        )
