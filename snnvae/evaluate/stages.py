"""Programs that follow one another, with the host's step on spikes between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.run import run
from snnvae.draws.rates import Rates
from snnvae.errors import GraphError
from snnvae.hardware_sim.make_stimulus import build_stimulus, class_input, next_stimulus
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus
from snnvae.typed import typed

CHUNK = 64
"""Samples at a time; any number gives the same outputs."""
Given = Callable[[range], tuple[Mapping[str, np.ndarray] | None, list[int] | None]]
"""The data of some samples by port, and their classes; None where the host draws them."""


def check_stages(encoder: Program, decoder: Program) -> tuple[str, str]:
    """The encoder's latent layer and the decoder's input that its spikes go to.

    GraphError if the two programs do not belong together.
    """
    latents = [name for name in encoder.outputs.values() if encoder.layer(name).neuron.spiking]
    by_class = class_input(decoder)
    inputs = [port for port in decoder.inputs if not port.analog and port.name != by_class]
    if len(latents) != 1 or len(inputs) != 1:
        raise GraphError(
            f"`decoder`: the first file has {len(latents)} spiking outputs and the decoder "
            f"{len(inputs)} spike inputs, where one of each is needed; give two files that one "
            f"`{typed('export')}` wrote"
        )
    shape = encoder.layer(latents[0]).shape
    if shape != inputs[0].shape:
        raise GraphError(
            f"the encoder's latent {shape} does not fit the decoder's input "
            f"{inputs[0].shape}; export both from one checkpoint"
        )
    return latents[0], inputs[0].name


def decoder_stimulus(
    encoder: Program, recording: Recording, decoder: Program, stimulus: Stimulus
) -> Stimulus:
    """The latent spikes drawn from the encoder's rates, as the decoder's input."""
    latent, port = check_stages(encoder, decoder)
    step = encoder.host_step or Rates()  # of a file that does not say it
    return next_stimulus(step, recording.spikes[latent], decoder, port, stimulus)


def run_stages(
    programs: Sequence[Program],
    stimulus: Stimulus,
    backend: Backend = "emulator",
    progress: Progress | None = None,
    resources: RunResources | None = None,
) -> list[Recording]:
    """The programs one after another, with the host's step between each two."""
    found: list[Recording] = []
    for i, program in enumerate(programs):
        if i:
            stimulus = decoder_stimulus(programs[i - 1], found[-1], program, stimulus)
        found.append(run(program, stimulus, backend, progress=progress, resources=resources))
    return found


def run_chunks(
    programs: Sequence[Program],
    count: int,
    given: Given = lambda _: (None, None),
    *,
    seed: int,
    backend: Backend,
    progress: Progress | None = None,
    resources: RunResources | None,
) -> Iterator[list[Recording]]:
    """The stages on samples 0 … count − 1, a chunk after another."""
    for start in range(0, count, CHUNK):
        samples = range(start, min(start + CHUNK, count))
        data, classes = given(samples)
        stimulus = build_stimulus(programs[0], samples, seed=seed, data=data, classes=classes)
        yield run_stages(programs, stimulus, backend, progress, resources)
