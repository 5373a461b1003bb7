"""A compiled program in torch, step by step as `hardware_sim.stepper.Stepper`, with gradients.

In fixed point, and in float for sums of spikes, it gives the engines' values to the last bit; sums
of membranes or of analog values in float64 may round differently in another order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from snnvae.program import Connection, Program
from snnvae.train.network.neurons import UNIT, Neurons
from snnvae.train.network.passed_through import held_as
from snnvae.train.network.synapses import Sums, sums_of
from snnvae.train.network.weights import Slot


@dataclass(frozen=True)
class Ran:
    """What a layer did at each step: its spikes (0 and 1), and its membranes after any reset, in
    the program's units; (B, T, *shape)."""

    spikes: Tensor
    membranes: Tensor


class TorchRun:
    """Runs a program for a batch; weights and biases are given with every run."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._neurons = {layer.name: Neurons(layer) for layer in program.layers}
        self._sums: dict[str, Sums] = {c.name: sums_of(c.synapse) for c in program.connections}
        self._into = {layer.name: program.into(layer.name) for layer in program.layers}
        self._delayed = [c for c in program.connections if c.delay and not c.on_host]

    def neurons(self, layer: str) -> Neurons:
        """Those of a layer."""
        return self._neurons[layer]

    def __call__(
        self,
        program: Program,
        slots: Mapping[Slot, Tensor],
        data: Mapping[str, Tensor],
        steps: int,
        watched: tuple[str, ...],
    ) -> dict[str, Ran]:
        """The watched layers on data (B, T or 1, *shape) by input, float64.

        program: as compiled now, of the same wiring, whose numbers the slots are.
        """
        batch = len(next(iter(data.values())))
        states = {name: neurons.initial(batch) for name, neurons in self._neurons.items()}
        host = self._host_currents(program, slots, data)
        past: dict[str, deque[Tensor]] = {c.name: deque() for c in self._delayed}
        seen: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in watched}
        shifts = {c.name: c.shift for c in program.connections}
        for t in range(steps):
            out = {name: values[:, min(t, values.shape[1] - 1)] for name, values in data.items()}
            for name, neurons in self._neurons.items():
                current = torch.zeros((batch, *neurons.shape), dtype=torch.float64)
                for c in self._into[name]:
                    if c.on_host:
                        sent = host[c.name]
                        current = current + sent[:, min(t, sent.shape[1] - 1)]
                        continue
                    if c.delay and len(past[c.name]) < c.delay:
                        continue
                    source = past[c.name][0] if c.delay else self._sent(c, shifts, out)
                    weighted = self._sums[c.name](source, slots["weight", c.name])
                    shift = shifts[c.name]
                    if shift is not None:
                        weighted = weighted / 2.0**shift
                        weighted = held_as(weighted, weighted.floor())
                    current = current + weighted.reshape(current.shape)
                out[name], states[name] = neurons.step(states[name], current, slots["bias", name])
                if name in seen:
                    seen[name].append((out[name], states[name][0]))
            for c in self._delayed:
                if len(past[c.name]) == c.delay:
                    past[c.name].popleft()
                past[c.name].append(self._sent(c, shifts, out))
        return {
            name: Ran(torch.stack([s for s, _ in each], 1), torch.stack([v for _, v in each], 1))
            for name, each in seen.items()
        }

    def _sent(
        self, c: Connection, shifts: Mapping[str, int | None], out: Mapping[str, Tensor]
    ) -> Tensor:
        """Spikes, membranes, or what a graded spike carries of them."""
        values = out[c.source]
        if shifts[c.name] is None:
            return values
        payload = values / UNIT
        return held_as(payload, payload.floor())

    def _host_currents(
        self, program: Program, slots: Mapping[Slot, Tensor], data: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """`hardware_sim.host.host_currents`, (B, T or 1, *shape)."""
        found = {}
        for c in program.connections:
            if not c.on_host:
                continue
            values, layer = data[c.source], program.layer(c.target)
            flat = self._sums[c.name](values.flatten(0, 1), slots["weight", c.name])
            current = flat.reshape(*values.shape[:2], *layer.shape)
            if c.delay:
                current = current.expand(-1, program.steps, *layer.shape)
                none = torch.zeros_like(current[:, : c.delay])
                current = torch.cat([none, current[:, : -c.delay]], 1)
            current = current + slots["host bias", c.name]
            if self._neurons[layer.name].fixed:
                current = current * torch.as_tensor(layer.scale)
                current = held_as(current, current.round())
            elif layer.weight_grid:
                rounded = (current / layer.weight_grid).round() * layer.weight_grid
                current = held_as(current, rounded)
            found[c.name] = current
        return found
