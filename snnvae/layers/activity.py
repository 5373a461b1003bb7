"""Runs a wiring in torch: spikes and membranes of every population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor

from snnvae.layers.neuron import LIF, Readout, scan
from snnvae.layers.spiking import SpikingLayer, over_time
from snnvae.layers.wiring import Cell, Delay, Threshold, Wiring

State = Any
"""What a neuron carries from step to step: a membrane, or spikes that are on their way."""


@dataclass(frozen=True)
class Activity:
    """spikes: (T, B, …) by port and cell; membranes: (T, B, …) after reset, of readouts, and in a
    run by Norse's cells of layers too."""

    spikes: dict[str, Tensor]
    membranes: dict[str, Tensor]


@torch.no_grad()
def activity(wiring: Wiring, streams: Mapping[str, Tensor], by_norse: bool = False) -> Activity:
    """Runs a wiring on streams (T, B, …) of its ports, in the precision that both have.

    by_norse: by Norse's own cells instead of their compiled form. ValueError for other streams
    than the wiring's ports.
    """
    ports = {port.name for port in wiring.ports}
    if set(streams) != ports:
        raise ValueError(
            f"the wiring takes {', '.join(sorted(ports))}, not {', '.join(sorted(streams))}"
        )
    spikes, membranes = dict(streams), {}
    steps = len(next(iter(streams.values())))
    for cells, is_loop in wiring.runs():
        if not is_loop:
            (cell,) = cells
            current = _current(wiring, cell, spikes)
            fired, _, after = _fire(cell, current, None, by_norse)
            if not isinstance(cell.neuron, Readout):
                spikes[cell.name] = fired
            if after is not None:
                membranes[cell.name] = after
            continue
        found, left = _loop(wiring, cells, spikes, steps, by_norse)
        spikes |= found
        membranes |= left
    return Activity(spikes, membranes)


def _loop(
    wiring: Wiring, cells: tuple[Cell, ...], given: Mapping[str, Tensor], steps: int, by_norse: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Spikes and membranes of cells that run step by step."""
    states: dict[str, State] = {}
    spikes: dict[str, list[Tensor]] = {cell.name: [] for cell in cells}
    membranes: dict[str, list[Tensor]] = {}
    for t in range(steps):
        now = {name: x[t : t + 1] for name, x in given.items()}
        late = []
        for cell in cells:
            if isinstance(cell.neuron, Delay):
                # What it sends is known before what it is sent.
                now[cell.name] = _arrived(cell, cell.neuron, states.get(cell.name, []), now)
                late.append((cell, cell.neuron))
                continue
            fired, states[cell.name], after = _fire(
                cell, _current(wiring, cell, now), states.get(cell.name), by_norse, True
            )
            now[cell.name] = fired
            if after is not None:
                membranes.setdefault(cell.name, []).append(after)
        for cell, delay in late:
            sent = states.get(cell.name, [])
            states[cell.name] = [*sent, _current(wiring, cell, now)][-delay.steps :]
        for cell in cells:
            spikes[cell.name].append(now[cell.name])
    return (
        {name: torch.cat(values) for name, values in spikes.items()},
        {name: torch.cat(values) for name, values in membranes.items()},
    )


def _arrived(cell: Cell, delay: Delay, sent: list[Tensor], now: Mapping[str, Tensor]) -> Tensor:
    """Returns what a delay passes on at this step (1, B, …)."""
    if len(sent) == delay.steps:
        return sent[0]
    like = next(iter(now.values()))
    return like.new_zeros(1, like.shape[1], prod(cell.shape))


def _current(wiring: Wiring, cell: Cell, spikes: Mapping[str, Tensor]) -> Tensor:
    """The sum of what a cell's links bring (T, B, …)."""
    total: Tensor | None = None
    for i, link in enumerate(cell.links):
        if link.synapse is None:
            currents = [spikes[name].flatten(2) for name in link.sources]
        else:
            own = cell.neuron if i == 0 and isinstance(cell.neuron, SpikingLayer) else None
            synapse = link.synapse if own is None else own.current
            currents = [over_time(synapse, wiring.seen(link, spikes, 2))]
        for current in currents:
            total = current if total is None else total + current.reshape(total.shape)
    assert total is not None
    return total


def _fire(
    cell: Cell, current: Tensor, state: State, by_norse: bool, goes_on: bool = False
) -> tuple[Tensor, State, Tensor | None]:
    """Spikes (T, B, …), the state to go on from, membranes where they are asked for."""
    neuron = cell.neuron
    if isinstance(neuron, Threshold):
        return (current > neuron.at).to(current.dtype), None, None
    if isinstance(neuron, Delay):
        none = torch.zeros_like(current[: neuron.steps])
        return torch.cat([none, current[: max(0, len(current) - neuron.steps)]]), None, None
    if isinstance(neuron, Readout):
        if goes_on:
            raise ValueError(f"'{cell.name}' is a readout inside a loop")
        return current, None, neuron(current)
    if by_norse:
        assert isinstance(neuron.lif, LIF)
        v = torch.zeros_like(current[0]) if state is None else state
        fired, membranes = scan(neuron.lif.cell, neuron.norm(current), v)
        return fired, membranes[-1], membranes
    if goes_on:
        fired, state = neuron.advance(current, state)
        return fired, state, None
    return neuron.fire(current, len(current)), None, None
