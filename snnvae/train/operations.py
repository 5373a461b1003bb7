"""Counting a training step's synaptic operations, with gradients.

SOP = Σ over spikes of the synapses that each has, exact at the borders: what `hardware_sim.counter`
counts of the deployed network for the same spikes.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from snnvae.layers.model import SpikingModel
from snnvae.layers.wiring import Cell, Delay, Link, Port, Wiring

SYNAPSES = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def fan_outs(wiring: Wiring) -> dict[str, Tensor]:
    """Synapses of each place of each port and cell, of its shape, by name."""
    found = {name: torch.zeros(shape) for name, shape in wiring.shapes.items()}
    for cell in wiring.cells:
        for link in cell.links:
            if not isinstance(cell.neuron, Delay):  # which is a neuron's own, and no synapse
                for name, synapses in _of_link(link, wiring).items():
                    found[name] += synapses
    return found


def _of_link(link: Link, wiring: Wiring) -> dict[str, Tensor]:
    """The gradient of the sum of a pass in which all weights are 1, by source.

    Zeros in a matrix are no synapses; a kernel is walked in full, whatever its zeros.
    """
    shapes = {name: wiring.shapes[name] for name in link.sources}
    if link.synapse is None:
        return {name: torch.ones(shape) for name, shape in shapes.items()}
    ones = copy.deepcopy(link.synapse).float().requires_grad_(False)
    ones.weight.copy_(ones.weight != 0 if isinstance(ones, nn.Linear) else torch.ones(()))
    if ones.bias is not None:
        ones.bias.zero_()
    spikes = {name: torch.zeros(1, *shape, requires_grad=True) for name, shape in shapes.items()}
    # As torch has it: in fixed point a synapse rounds its weights.
    kind: Any = next(kind for kind in SYNAPSES if isinstance(ones, kind))
    total = kind.forward(ones, wiring.seen(link, spikes, 1)).sum()
    found = torch.autograd.grad(total, list(spikes.values()))
    return {name: synapses[0] for name, synapses in zip(spikes, found)}


class Meter:
    """Counts the spikes of the parts that a training step of `model` runs, from `reset` on.

    A layer shows its own spikes, and the model those that are no layer's: a delay's follow.
    """

    def __init__(self, model: SpikingModel) -> None:
        self._cells: dict[str, Cell] = {}
        self._ports: dict[str, Port] = {}
        self._fan_outs: dict[str, Tensor] = {}
        self._delays: defaultdict[str, list[Cell]] = defaultdict(list)
        self._spikes: dict[str, Tensor] = {}
        self._chances: dict[str, int] = {}
        for part in model.counted:
            for stage in model.stages(part):
                self._add_wiring(model.wiring(stage))
        model.tally = self._shown

    def _add_wiring(self, wiring: Wiring) -> None:
        found, paths = fan_outs(wiring), {cell.name: cell.path for cell in wiring.cells}
        for port in wiring.ports:
            self._ports.setdefault(port.name, port)
            self._fan_outs[port.name] = found[port.name]
        for cell, layer in wiring.layers():
            layer.tally = partial(self._shown, cell.path)
        for cell in wiring.cells:
            self._cells[cell.path] = cell
            self._fan_outs[cell.path] = found[cell.name]
            if isinstance(cell.neuron, Delay):
                for link in cell.links:
                    for name in link.sources:
                        self._delays[paths.get(name, name)].append(cell)
        for cell in wiring.cells:
            if cell.echo:  # each of its spikes has as many synapses
                self._fan_outs[paths[cell.echo]] += found[cell.name].flatten()[0]

    def reset(self) -> None:
        """Begins anew."""
        self._spikes.clear()
        self._chances.clear()

    def _add(self, name: str, spikes: Tensor) -> None:
        """spikes (T, B, …)."""
        if torch.is_grad_enabled():
            self._spikes[name] = spikes.sum((0, 1)) / spikes.shape[1]
            self._chances[name] = len(spikes)

    def _shown(self, name: str, spikes: Tensor) -> None:
        self._add(name, spikes)
        for cell in self._delays[name]:
            assert isinstance(cell.neuron, Delay)
            self._shown(cell.name, spikes[: -cell.neuron.steps])

    def operations(self) -> Tensor:
        """Synaptic operations per sample (), differentiable."""
        total = torch.zeros(())
        for name, spikes in self._spikes.items():
            total = total.to(spikes) + (spikes * self._of(name, spikes)).sum()
        steps = max(self._chances.values())
        for port in self._ports.values():
            if port.per_step:
                synapses = self._fan_outs[port.name].flatten()[0].to(total)
                total = total + port.per_step * steps * synapses
        return total

    def _of(self, name: str, spikes: Tensor) -> Tensor:
        return self._fan_outs[name].to(spikes).view(spikes.shape)

    def unit_rates(self) -> dict[str, Tensor]:
        """Spikes per step of each unit (C) of each population: of a channel, the mean over it."""
        rates = {}
        for name, spikes in self._spikes.items():
            known = self._cells.get(name) or self._ports[name]
            if not (isinstance(known, Cell) and isinstance(known.neuron, Delay)):
                rates[name] = spikes.reshape(known.shape[0], -1).mean(1) / self._chances[name]
        return rates
