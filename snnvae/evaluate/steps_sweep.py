"""The same network and the same inputs with fewer and fewer steps per sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nir
import numpy as np

from snnvae.deploy.backends import Backend
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.errors import ConfigError
from snnvae.inputs.stimulus_blocks import Source, nothing, stimulus_for, with_steps_of
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

MOST_STEPS = 100_000
"""More is a slip of the keyboard: no sample of these networks takes so many."""


@dataclass(frozen=True, eq=False)
class SweepRun:
    """A run of T steps. change: mean squared difference of its outputs from those of the largest T,
    None where the network has no outputs of values."""

    program: Program
    recording: Recording
    change: float | None


def sweep_steps(
    graph: nir.NIRGraph,
    steps: Sequence[int],
    *,
    precision: Precision,
    options: Options,
    samples: int | None,
    seed: int = 0,
    file: Path | None = None,
    classes: Sequence[int] | None = None,
    backend: Backend = "emulator",
    held_out: Source = nothing,
    progress: Progress | None = None,
) -> Iterator[SweepRun]:
    """Runs for each T, the largest first; one recording is held at a time.

    Each sees the first T steps of one stimulus, so that only T differs. ConfigError for a T that
    is below 1, given twice or beyond the data.
    """
    longest = max(steps, default=0)
    if min(steps, default=0) < 1 or len(set(steps)) < len(steps):
        raise ConfigError("`over`: give different numbers of steps, each 1 or more, as in 2,4,8")
    if longest > MOST_STEPS:
        raise ConfigError(f"`over` {longest}: give at most {MOST_STEPS:,} steps")
    whole = with_steps_of(graph, options, file).steps or longest
    if longest > whole:
        raise ConfigError(f"`over` {longest}: the input holds {whole} steps; give no more")
    most = compile_graph(graph, precision, replace(options, steps=whole)).program
    stimulus = stimulus_for(
        most, samples, seed=seed, steps=whole, file=file, classes=classes, held_out=held_out
    )
    best: Mapping[str, np.ndarray] | None = None
    for t in sorted(steps, reverse=True):
        program = compile_graph(graph, precision, replace(options, steps=t)).program
        recording = run(program, _first(stimulus, t), backend, progress=progress)
        best = recording.outputs if best is None else best
        yield SweepRun(program, recording, _difference(recording.outputs, best))


def _first(stimulus: Stimulus, steps: int) -> Stimulus:
    streams = {name: stream[:, :steps] for name, stream in stimulus.streams.items()}
    return replace(stimulus, streams=streams)


def _difference(outputs: Mapping[str, np.ndarray], best: Mapping[str, np.ndarray]) -> float | None:
    if not best:
        return None
    return float(np.mean([np.mean((outputs[name] - best[name]) ** 2) for name in best]))
