"""Samples whose answer deployment changes, from close by: a neuron of each layer, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.run import run
from snnvae.evaluate.task.divergence import First, first_difference, membrane_gap, threshold_of
from snnvae.program import Precision, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


@dataclass(frozen=True)
class NeuronTrace:
    """A neuron in float and in fixed point: membranes after each step (T,), in NIR's units, and
    spikes (T,), none of a layer that has none.

    neuron: the flat index of the one that differs first: by a spike, else by its membrane the most.
    step: of the first spike of the layer that differs. threshold: the membrane at it.
    """

    layer: str
    neuron: int
    step: int | None
    membranes: tuple[np.ndarray, np.ndarray]
    spikes: tuple[np.ndarray, np.ndarray] | None
    threshold: float | None


@dataclass(frozen=True)
class SampleTrace:
    """A sample: the first spike that differs, and a neuron of each layer."""

    sample: int
    first: First | None
    layers: tuple[NeuronTrace, ...]


def trace_samples(
    programs: Mapping[Precision, Program], stimulus: Stimulus
) -> tuple[SampleTrace, ...]:
    """Runs samples in the emulator again, float and fixed, with membranes."""
    one = run(programs["float"], stimulus, membranes=True)
    other = run(programs["fixed"], stimulus, membranes=True)
    return tuple(
        SampleTrace(
            sample,
            first_difference(programs["float"], one, other, n),
            tuple(
                _neuron(programs, layer.name, one, other, n) for layer in programs["float"].layers
            ),
        )
        for n, sample in enumerate(stimulus.samples)
    )


def _neuron(
    programs: Mapping[Precision, Program], name: str, one: Recording, other: Recording, n: int
) -> NeuronTrace:
    exact, fixed = programs["float"], programs["fixed"]
    layer, step, neuron = exact.layer(name), None, None
    if layer.neuron.spiking:
        wrong = (one.spikes[name][n] != other.spikes[name][n]).reshape(-1, layer.size)
        if wrong.any():
            step = int(wrong.any(1).argmax())
            neuron = int(wrong[step].argmax())
    if neuron is None:
        pair = one.membranes[name][n], other.membranes[name][n]
        gap = np.abs(membrane_gap(layer, fixed.layer(name), *pair)).reshape(-1, layer.size)
        neuron = int(gap.max(0).argmax())
    membranes = tuple(
        program.layer(name).to_real(recording.membranes[name])[n].reshape(-1, layer.size)[:, neuron]
        for program, recording in ((exact, one), (fixed, other))
    )
    spikes = None
    threshold = threshold_of(layer)
    if threshold is not None:
        spikes = tuple(r.spikes[name][n].reshape(-1, layer.size)[:, neuron] for r in (one, other))
        at = layer.to_real(np.broadcast_to(threshold, layer.shape)).reshape(-1)
    return NeuronTrace(
        name,
        neuron,
        step,
        membranes=(membranes[0], membranes[1]),
        spikes=None if spikes is None else (spikes[0], spikes[1]),
        threshold=None if threshold is None else float(at[neuron]),
    )
