"""Chunk: some samples on their way through a program, all steps of a layer after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import torch

from snnvae.hardware_sim.fast.plan import Unit, units_of
from snnvae.hardware_sim.host import host_currents
from snnvae.hardware_sim.stepper import graded_sums
from snnvae.hardware_sim.torch_engine.cells import cells
from snnvae.hardware_sim.torch_engine.devices import tensor
from snnvae.hardware_sim.torch_engine.sums import Sums, check, sums
from snnvae.primitives import fixed_point
from snnvae.program import Connection, Program
from snnvae.stimulus import Stimulus

STORED_BYTES = 1 << 28
"""Of the spikes of all steps, and of what else a chunk keeps."""
CURRENT_BYTES = 1 << 28
"""Of the currents that a layer is given at once."""


@dataclass(frozen=True, eq=False)
class TorchNetwork:
    """A program with its weights on a device; sums: by connection that carries spikes."""

    program: Program
    device: torch.device
    units: tuple[Unit, ...]
    sums: Mapping[str, Sums]

    @classmethod
    def of(cls, program: Program, device: torch.device) -> TorchNetwork:
        """BackendError where the device does not sum exactly."""
        made = {}
        for c in program.connections:
            if not c.on_host and not program.carries_membranes(c):
                made[c.name] = sums(c, program.precision, device)
                check(c, made[c.name])
        return cls(program, device, units_of(program), made)

    @property
    def number(self) -> type:
        """The type of membranes and currents."""
        return np.float64 if self.program.precision == "float" else np.int64

    def kept(self, membranes: bool) -> list[str]:
        """Layers whose membranes are kept: all, or those that send them on."""
        sending = {c.source for c in self.program.connections if self.program.carries_membranes(c)}
        return [n.name for n in self.program.layers if membranes or n.name in sending]

    def samples(self, steps: int, membranes: bool) -> int:
        """Returns how many samples a chunk has."""
        program = self.program
        spiking = [i.name for i in program.inputs if not i.analog]
        spiking += [layer.name for layer in program.layers if layer.neuron.spiking]
        wide = self.kept(membranes) + [c.target for c in program.connections if c.on_host]
        size = {layer.name: layer.size for layer in program.layers}
        size |= {port.name: prod(port.shape) for port in program.inputs}
        per_step = sum(size[name] for name in spiking) + 8 * sum(size[name] for name in wide)
        return max(1, STORED_BYTES // max(1, steps * per_step))


class Chunk:
    """B samples, run from their first step to their last.

    spikes: of inputs and spiking layers, bool (B, T, *shape) on the device. membranes: those that
    are kept, (B, T, *shape). final: of layers that do not spike (B, *shape). saturated: by layer.
    """

    def __init__(self, network: TorchNetwork, stimulus: Stimulus, *, membranes: bool) -> None:
        self.network, self.batch, self.steps = network, stimulus.batch, stimulus.steps
        program, device = network.program, network.device
        self._host = host_currents(program, stimulus)
        self._into = {layer.name: program.into(layer.name) for layer in program.layers}
        self._cells = {
            layer.name: cells(layer.neuron, self.batch, layer.shape, device)
            for layer in program.layers
        }
        start = (self.batch, self.steps)
        self.spikes = {
            i.name: tensor(stimulus.streams[i.name].astype(bool), device)
            for i in program.inputs
            if not i.analog
        }
        for layer in program.layers:
            if layer.neuron.spiking:
                empty = torch.zeros((*start, *layer.shape), dtype=torch.bool, device=device)
                self.spikes[layer.name] = empty
        self.membranes: dict[str, np.ndarray] = {
            name: np.empty((*start, *program.layer(name).shape), network.number)
            for name in network.kept(membranes)
        }
        for unit in network.units:
            for begin, end in self._windows(unit):
                for name in unit.layers:
                    self._run_layer(name, begin, end)

    @property
    def final(self) -> dict[str, np.ndarray]:
        """Last membranes of layers that do not spike."""
        silent = [n.name for n in self.network.program.layers if not n.neuron.spiking]
        return {name: self._cells[name].v.cpu().numpy() for name in silent}

    @property
    def saturated(self) -> dict[str, int]:
        """Updates that left 24 bits, by layer."""
        return {name: int(neurons.beyond) for name, neurons in self._cells.items()}

    def _windows(self, unit: Unit) -> Iterator[tuple[int, int]]:
        """(first step, end) of the steps that a unit runs at once."""
        largest = max(self.network.program.layer(name).size for name in unit.layers)
        fit = max(1, CURRENT_BYTES // (8 * largest * self.batch))
        at_once = min(unit.steps or self.steps, fit)
        for begin in range(0, self.steps, at_once):
            yield begin, min(begin + at_once, self.steps)

    def _run_layer(self, name: str, begin: int, end: int) -> None:
        neurons, currents = self._cells[name], self._currents(name, begin, end)
        kept = torch.empty_like(currents) if name in self.membranes else None
        for t in range(end - begin):
            fired = neurons.step(currents[:, t])
            if fired is not None:
                self.spikes[name][:, begin + t] = fired
            if kept is not None:
                kept[:, t] = neurons.v
        if kept is not None:
            self.membranes[name][:, begin:end] = kept.cpu().numpy()

    def _currents(self, name: str, begin: int, end: int) -> torch.Tensor:
        """(B, steps, *shape), added in the program's order: sums of membranes round."""
        program, on = self.network.program, self.network.device
        shape = program.layer(name).shape
        dtype = torch.float64 if program.precision == "float" else torch.int64
        total = torch.zeros((self.batch, end - begin, *shape), dtype=dtype, device=on)
        for c in self._into[name]:
            if c.on_host:
                current = self._host[c.name]
                held = current.strides[1] == 0  # the same in every step
                total += tensor(current[:, :1] if held else current[:, begin:end], on)
                continue
            first = max(begin, c.delay)  # before it nothing arrives
            if first < end:
                part = self._weighted(c, first - c.delay, end - c.delay).to(dtype)
                total[:, first - begin :] += part.reshape(self.batch, end - first, *shape)
        return total

    def _weighted(self, c: Connection, begin: int, end: int) -> torch.Tensor:
        """Gives what a connection makes of the outputs of some steps of its source,
        (B·steps, …)."""
        if c.name in self.network.sums:
            return self.network.sums[c.name](self.spikes[c.source][:, begin:end].flatten(0, 1))
        sent = self.membranes[c.source][:, begin:end]
        if c.shift is not None:
            sent = fixed_point.payload(sent)
        return tensor(graded_sums(c, sent.reshape(-1, *sent.shape[2:])), self.network.device)
