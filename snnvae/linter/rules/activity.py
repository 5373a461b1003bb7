"""What layers do on the user's input: who never fires, who always does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnvae.linter.rule import Found, rule, with_run
from snnvae.linter.subject import Run, Subject
from snnvae.plain_text import counted

ALWAYS = 0.95
"""Spikes per neuron and step, from which on a layer says nothing any more."""
MANY = 0.5
"""Share of neurons that may be silent without a note."""


@rule("warning")
def layer_silent(subject: Subject) -> Found:
    """A layer never fires on the given input."""
    for name, rates in _rates(subject):
        if not rates.any():
            yield name, "never fires on this input", "check its weights' scale and its threshold"


@rule("warning")
def layer_saturated(subject: Subject) -> Found:
    """A layer fires at almost every step on the given input."""
    for name, rates in _rates(subject):
        if rates.mean() > ALWAYS:
            what = f"fires at {rates.mean():.0%} of all steps"
            yield name, what, "check its threshold, or train with fewer spikes"


@rule("note")
def neurons_silent(subject: Subject) -> Found:
    """More than half of a layer's neurons never fire on the given input."""
    for name, rates in _rates(subject):
        share = float((rates == 0).mean())
        if MANY < share < 1:
            what = f"{share:.0%} of its {counted(rates.size, 'neuron')} never fire on this input"
            yield name, what, "prune them, or give more samples"


@rule("note")
def neurons_always_on(subject: Subject) -> Found:
    """Neurons fire at every step on the given input, as a bias would."""
    for name, rates in _rates(subject):
        always = int((rates == 1).sum())
        if always and rates.mean() <= ALWAYS:
            what = f"{always} of its {counted(rates.size, 'neuron')} fire at every step"
            yield name, what, "they act as a bias: fold them into the next layer's"


@rule("warning")
@with_run
def input_silent(_: Subject, run: Run) -> Found:
    """The given input holds no spikes."""
    program, recording = run
    for port in program.inputs:
        if not port.analog and not np.any(recording.spikes[port.name]):
            yield port.name, "no spike comes in", "give other `data`"


@with_run
def _rates(_: Subject, run: Run) -> Iterator[tuple[str, np.ndarray]]:
    """Spikes per step of each neuron, over all samples, by layer of the file."""
    program, recording = run
    for layer in program.layers:
        if layer.neuron.spiking and not layer.added_by_compiler:
            fired = recording.spikes[layer.name]
            yield layer.name, fired.mean(axis=(0, 1)).reshape(-1)
