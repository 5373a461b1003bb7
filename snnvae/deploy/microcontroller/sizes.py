"""What a network takes of a chip, part by part: RAM, flash and operations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from snnvae.deploy.microcontroller import draws
from snnvae.deploy.microcontroller.network import Network, Part
from snnvae.deploy.microcontroller.text import words
from snnvae.recording import Recording

STACK = 1024
"""Bytes of RAM left for the stack: of the zoo's networks none takes 200."""


@dataclass(frozen=True)
class Code:
    """Bytes of code, an upper estimate: of any network, for each function, and where the chip
    draws, of any draws and for each."""

    network: int
    function: int
    draws: int
    draw: int


@dataclass(frozen=True)
class Sizes:
    """Of a network in a language, as texts call it, whose code takes so much. drawn: whether the
    chip draws what the host can."""

    network: Network
    language: str
    taken: Code
    drawn: bool = False

    @property
    def exchanged(self) -> int:
        """Bytes of what enters and what leaves."""
        network = self.network
        entering = sum(words(prod(port.shape)) for port in network.spike_inputs)
        entering += sum(part.layer.size for part in network.host_driven)
        leaving = 0
        for of in network.program.outputs.values():
            layer = network.program.layer(of)
            leaving += words(layer.size) if layer.neuron.spiking else layer.size
        return 4 * (entering + leaving)

    @property
    def ram(self) -> int:
        """Bytes in all: the state, what enters and leaves, the draws and a stack."""
        return self.network.ram + self.exchanged + self.draw_state + STACK

    @property
    def draw_state(self) -> int:
        """Bytes that the draws keep: seed, sample and step, and a block for each draw."""
        if not self.drawn:
            return 0
        return 24 + 40 * sum(each.random for each in draws.drawn(self.network).values())

    @property
    def code(self) -> int:
        """Bytes of code, an upper estimate."""
        taken, functions = self.taken, sum(1 + len(part.wires) for part in self.network.parts)
        own = taken.draws + taken.draw * len(draws.drawn(self.network)) if self.drawn else 0
        return taken.network + taken.function * functions + own

    @cached_property
    def draw_tables(self) -> int:
        """Bytes of the tables of the draws."""
        if not self.drawn:
            return 0
        return sum(t.size for each in draws.drawn(self.network).values() for t in each.tables)

    @property
    def flash(self) -> int:
        """Bytes in all: the tables and the code."""
        return self.network.flash + self.draw_tables + self.code

    def kept(self, part: Part) -> int:
        """Bytes of RAM that a layer keeps from step to step."""
        own = {f"{what}_{part.name}" for what in ("u", "v", "spikes", "sent")}
        return sum(array.size for array in self.network.state if array.name in own)

    def tables(self, part: Part) -> int:
        """Bytes of flash of a layer and of what leads to it."""
        return sum(table.size for table in part.tables)


def additions(network: Network, recording: Recording) -> dict[str, float]:
    """Additions of weights into each layer in a mean step of a run; membranes count as not 0."""
    samples, steps = len(recording.info["samples"]), recording.info["steps"]
    found = {}
    for part in network.parts:
        total = 0.0
        for wire in part.wires:
            c = wire.connection
            if wire.graded:
                total += wire.fan_out.operations * max(steps - c.delay, 0) / steps
                continue
            fired = recording.spikes[c.source].reshape(samples, steps, -1)
            arrived = fired[:, : max(steps - c.delay, 0)].sum((0, 1))
            total += float(arrived @ wire.fan_out.of_source) / (samples * steps)
        found[part.layer.name] = total
    return found


def updates(network: Network) -> int:
    """Neurons that are updated in a step."""
    return int(np.sum([part.layer.size for part in network.parts]))
