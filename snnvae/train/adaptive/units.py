"""Finds the units of a network that can be taken out, and where their weights lie.

A group is a population whose size is free: a convolution's channels, the latents, hidden neurons.
It follows from the wirings: all cells and ports of one group, and every synapse that reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from snnvae.layers.model import SpikingModel, all_wirings
from snnvae.layers.spiking import SpikingLayer, Synapse
from snnvae.layers.wiring import Delay, Wiring, widths


@dataclass(frozen=True)
class Rows:
    """The rows that hold a unit's own parameters:
    `block` outputs in a row of a layer for each unit."""

    layer: SpikingLayer
    block: int = 1


@dataclass(frozen=True)
class Columns:
    """The columns by which a unit is read:
    `block` inputs in a row of a synapse for each unit, from `first` on."""

    synapse: Synapse
    block: int = 1
    first: int = 0


@dataclass
class Group:
    """size: number of units; spikes: path of the population that fires for them, see `Meter`."""

    name: str
    size: int
    spikes: str
    rows: list[Rows] = field(default_factory=list)
    columns: list[Columns] = field(default_factory=list)


def groups_of(model: SpikingModel) -> Sequence[Group]:
    """Returns all groups, in the order in which spikes pass them."""
    groups: dict[str, Group] = {}
    seen: set[object] = set()
    for wiring in all_wirings(model):
        for port in wiring.ports:
            _note(groups, port.group, port.shape[0], port.name)
        for cell in wiring.cells:
            if isinstance(cell.neuron, SpikingLayer):
                outputs = len(by_output(cell.neuron.synapse))
                group = _note(groups, cell.group, outputs // cell.blocks, cell.path)
                if group and cell.path not in seen:
                    group.rows.append(Rows(cell.neuron, cell.blocks))
                seen.add(cell.path)
            elif not isinstance(cell.neuron, Delay):
                _note(groups, cell.group, cell.shape[0] // cell.blocks, cell.path)
        _add_columns(wiring, groups, seen)
    return list(groups.values())


def _note(groups: dict[str, Group], name: str, size: int, path: str) -> Group | None:
    """The group that a population belongs to, if any; others read what is stated last of it."""
    if not name:
        return None
    group = groups.setdefault(name, Group(name, size, path))
    group.spikes = path
    return group


def _add_columns(wiring: Wiring, groups: dict[str, Group], seen: set[object]) -> None:
    group_of = {port.name: port.group for port in wiring.ports}
    group_of |= {cell.name: cell.group for cell in wiring.cells}
    for link in (link for cell in wiring.cells for link in cell.links):
        if link.synapse is None or (link.name, link.sources) in seen:
            continue
        seen.add((link.name, link.sources))
        first = 0
        for source, width in zip(link.sources, widths(link, wiring.shapes)):
            if name := group_of[source]:
                group = groups[name]
                group.columns.append(Columns(link.synapse, width // group.size, first))
            first += width


def by_output(synapse: Synapse) -> Tensor:
    """A synapse's weights, its outputs first."""
    return (
        synapse.weight.transpose(0, 1)
        if isinstance(synapse, nn.ConvTranspose2d)
        else synapse.weight
    )
