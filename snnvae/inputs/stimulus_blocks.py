"""Data for a program's inputs: a file, a data set that the graph names, or seeded noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.draws.label import classes_in_turn
from snnvae.errors import DataError
from snnvae.hardware_sim.make_stimulus import (
    build_stimulus,
    check_size,
    samples_in,
    steps_of,
    with_sample_axis,
)
from snnvae.inputs.read_file import data_inputs, read_input
from snnvae.options import Options
from snnvae.program import Program
from snnvae.stimulus import Stimulus

SAMPLES = 64
"""Samples where neither a file nor the user says how many."""
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
    ports, streams = data_inputs(program), {}
    check_size(program, len(samples), steps, [port.name for port in ports])
    for i, port in enumerate(ports):
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


def stimulus_for(program: Program, count: int | None = None, **how: Any) -> Stimulus:
    """The stimulus of `stimulus_blocks`, as one."""
    return next(stimulus_blocks(program, count, None, **how))


def stimulus_blocks(
    program: Program,
    count: int | None,
    size: int | Callable[[int], int] | None,
    *,
    seed: int,
    steps: int | None = None,
    file: Path | None = None,
    may_be_noise: bool = False,
    classes: Sequence[int] | None = None,
    evidence: Mapping[str, str] | None = None,
    held_out: Source = nothing,
) -> Iterator[Stimulus]:
    """The stimulus of samples 0 … count − 1, `size` samples at a time (None: all at once; or what
    it is for that number of samples).

    count: by default all that the file holds; DataError for more. Without a file SAMPLES, of
    `held_out`. classes: of a conditional model's samples, over and over; without, those of held-out
    images are theirs, and samples that are drawn take all in turn. evidence: as of
    `build_stimulus`.
    """
    labels: tuple[int, ...] | None = None
    if file is not None:
        given = read_input(file, program)
        missing = [port.name for port in data_inputs(program) if port.name not in given]
        if missing and not may_be_noise:
            raise DataError(
                f"{file}: it holds no data for input '{missing[0]}'; add it under that name"
            )
        there = samples_in(given)
        if count is not None and count > there:
            raise DataError(f"`samples` {count}: {file} holds {there}; ask for no more")
        samples = range(there if count is None else count)
        held = steps_of(given, program)
        if steps is not None and held not in (None, steps):
            raise DataError(f"`steps` {steps}: {file} holds {held}; leave `steps` out")
    else:
        samples = range(SAMPLES if count is None else count)
        given, labels = held_out(program, samples)
        given = with_sample_axis(given, program)
    if may_be_noise:
        drawn = noise(program, samples, steps or steps_of(given, program) or program.steps, seed)
        given = {**with_sample_axis(drawn, program), **given}
        if labels is None and classes is None and file is None and program.classes:
            labels = classes_in_turn(samples, program.classes)
    each = size(len(samples)) if callable(size) else size or len(samples)
    for start in range(0, max(len(samples), 1), max(each, 1)):
        some = samples[start : start + each]
        data = {name: values[some.start : some.stop] for name, values in given.items()}
        shown = None if labels is None else labels[some.start : some.stop]
        if classes is not None:
            shown = tuple(classes[n % len(classes)] for n in some)
        yield build_stimulus(
            program, some, seed=seed, steps=steps, data=data, classes=shown, evidence=evidence
        )
