"""Data for a program's inputs: a file, a data set that the graph names, or seeded noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.draws.label import classes_in_turn
from snnvae.hardware_sim.make_stimulus import build_stimulus, steps_of
from snnvae.inputs.read_file import data_inputs, read_input
from snnvae.options import Options
from snnvae.program import Program
from snnvae.stimulus import Stimulus

NOISE_RATE = 0.3
"""Firing probability of the noise that stands in for an input without data."""


class HeldOut(NamedTuple):
    """Data by input name, and the classes of its samples if the model is conditional."""

    data: dict[str, np.ndarray]
    classes: tuple[int, ...] | None = None


Source = Callable[[Program, Sequence[int]], HeldOut]
"""Samples by their indices that the network a program comes from was not trained on."""


def nothing(program: Program, samples: Sequence[int]) -> HeldOut:
    """A source for networks of which no data set is known."""
    return HeldOut({})


def noise(
    program: Program, samples: Sequence[int], steps: int, seed: int, rate: float = NOISE_RATE
) -> dict[str, np.ndarray]:
    """Seeded random input where there is no data: spikes of a rate, or uniform analog values."""
    streams = {}
    for i, port in enumerate(data_inputs(program)):
        shape = (len(samples), 1 if port.constant else steps, *port.shape)
        # A sub-stream per input, or equal inputs would get equal noise.
        uniform = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, i])).random(
            shape
        )
        span = port.high - port.low
        streams[port.name] = port.low + span * uniform if port.analog else uniform < rate
    return streams


def with_steps_of(graph: nir.NIRGraph, options: Options, file: Path | None) -> Options:
    """The options with the steps of a file's data, if neither they nor nothing else states any.

    A program is compiled for a number of steps: in fixed point some scales depend on it.
    """
    if file is None or options.steps is not None:
        return options
    program = compile_graph(graph, "float", options).program
    return replace(options, steps=steps_of(read_input(file, program), program))


def stimulus_for(
    program: Program,
    count: int,
    *,
    seed: int,
    steps: int | None = None,
    file: Path | None = None,
    may_be_noise: bool = False,
    classes: Sequence[int] | None = None,
    held_out: Source = nothing,
) -> Stimulus:
    """The stimulus of samples 0 … count − 1 (fewer if the file holds fewer).

    held_out: what samples are where there is no file.
    """
    blocks = stimulus_blocks(
        program,
        count,
        count,
        seed=seed,
        steps=steps,
        file=file,
        may_be_noise=may_be_noise,
        classes=classes,
        held_out=held_out,
    )
    return next(blocks)


def stimulus_blocks(
    program: Program,
    count: int,
    size: int,
    *,
    seed: int,
    steps: int | None = None,
    file: Path | None = None,
    may_be_noise: bool = False,
    classes: Sequence[int] | None = None,
    held_out: Source = nothing,
) -> Iterator[Stimulus]:
    """The same, `size` samples at a time.

    classes: of a conditional model's samples, over and over; without, those of held-out images are
    theirs, and samples that are drawn take all in turn.
    """
    samples = range(count)
    if file is not None:
        given, labels = read_input(file, program), None
        samples = range(min(count, samples_in(given, program)))
    else:
        given, labels = held_out(program, samples)
    if classes is not None:
        labels = tuple(classes[n % len(classes)] for n in samples)
    if may_be_noise:
        given = {**noise(program, samples, steps or program.steps, seed), **given}
        if labels is None and file is None and program.classes:
            labels = classes_in_turn(samples, program.classes)
    for start in range(0, max(len(samples), 1), size):
        some = samples[start : start + size]
        data = {
            name: values[some.start : some.stop] if _has_samples(values, program, name) else values
            for name, values in given.items()
        }
        shown = None if labels is None else labels[some.start : some.stop]
        yield build_stimulus(program, some, seed=seed, steps=steps, data=data, classes=shown)


def _has_samples(values: np.ndarray, program: Program, name: str) -> bool:
    """Whether an array's first axis is that of the samples (one sample serves all)."""
    port = next((port for port in program.inputs if port.name == name), None)
    rank = values.ndim if port is None else len(port.shape)
    batched = values.ndim == rank + 2 or (
        values.ndim == rank + 1 and port is not None and port.constant
    )
    return batched and len(values) > 1


def samples_in(data: dict[str, np.ndarray], program: Program) -> int:
    """Samples that the file's arrays hold; 1 for a single stream without a batch axis."""
    counts = [
        len(values) if _has_samples(values, program, name) else 1 for name, values in data.items()
    ]
    return min(counts, default=1)
