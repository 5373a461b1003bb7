"""Decides how much runs at once: samples of a thread, steps of a window, samples of a block."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from snnvae.errors import ConfigError
from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.sums import INDEX_BYTES, SLACK
from snnvae.machine import bytes_text
from snnvae.program import Input, Layer, Program

GROUP = 16
"""Samples that a thread takes at once: enough for a loop's steps, few enough for the cache."""
_WORD = 8
"""Bytes of a state, a current of the host, a value on its way."""


@dataclass(frozen=True)
class Portion:
    """block: samples that a run holds, in so many threads; group: those of a thread at once.

    window: steps at a time.
    """

    block: int
    group: int
    threads: int
    window: int


def portion(
    program: Program,
    steps: int,
    samples: int,
    *,
    threads: int,
    max_memory: int | None = None,
    membranes: bool = False,
) -> Portion:
    """The largest portion that needs at most `max_memory` bytes beside the program itself.

    ConfigError if a single sample, step by step, needs more.
    """
    threads = min(threads, samples)
    group = min(GROUP, -(-samples // threads))
    if max_memory is None:
        return Portion(samples, group, threads, steps)
    held, window = max(kept(program, steps, membranes), 1), steps
    while window > 1 and held + _working(program, window, membranes) > max_memory:
        window = -(-window // 2)
    working = _working(program, window, membranes)
    for running in (threads * group, threads, 1):
        block = (max_memory - running * working) // held
        if block >= running:
            count = min(threads, running)
            return Portion(min(block, samples), running // count, count, window)
    raise ConfigError(
        f"`max_memory`: one sample of this network takes {bytes_text(held + working)}, more than "
        f"{bytes_text(max_memory)}; give at least as much, or fewer `steps`"
    )


def kept(program: Program, steps: int, membranes: bool) -> int:
    """Bytes of a sample from start to end: what goes in, and what the recording holds."""
    inputs = sum(
        prod(i.shape) * (_WORD if i.analog else 1) * (1 if i.constant else steps)
        for i in program.inputs
    )
    host = sum(
        program.layer(c.target).size * _WORD * (1 if program.input(c.source).constant else steps)
        for c in program.connections
        if c.on_host
    )
    spikes = sum(layer.size for layer in program.layers if layer.neuron.spiking) * steps
    final = sum(layer.size for layer in program.layers if not layer.neuron.spiking) * _WORD
    traces = sum(layer.size for layer in program.layers) * steps * _WORD if membranes else 0
    return inputs + host + spikes + final + traces


def _working(program: Program, window: int, membranes: bool) -> int:
    """Bytes of a sample that is being run: the engine's spikes, states and currents."""
    populations: list[Input | Layer] = [*program.inputs, *program.layers]
    sizes = {p.name: Layout(p.shape).size for p in populations}
    history = {c.source: c.delay for c in sorted(program.connections, key=lambda c: c.delay)}
    values = sum(
        size * (window + history.get(name, 0)) * (_WORD + 1 if membranes else 1)
        for name, size in sizes.items()
    )
    states = 2 * _WORD * sum(sizes[layer.name] for layer in program.layers)
    largest = max((sizes[layer.name] for layer in program.layers), default=0)
    lists = INDEX_BYTES * (max(sizes.values(), default=0) + SLACK) * window
    # Currents, what the host adds to them, membranes on their way out; which neurons fire.
    return values + states + 3 * _WORD * largest * window + lists
