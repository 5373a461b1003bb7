"""What a network is wired like, stated once: from this follow its run, its NIR graph, its synaptic
operations, its units that can be pruned, and its fixed-point form.

A `Wiring` lists its cells (populations) in the order in which spikes pass them. Only a `Delay` may
read a cell that is stated after it: that closes a loop, and what lies between the two runs step by
step. All other cells run over all steps at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor, nn

from snnvae.layers.neuron import Readout
from snnvae.layers.spiking import SpikingLayer, Synapse
from snnvae.program import LoopPasses

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Threshold:
    """A neuron without memory: it fires where the sum of its inputs exceeds `at`."""

    at: float


@dataclass(frozen=True)
class Delay:
    """Passes spikes on `steps` steps later, and none before."""

    steps: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"a delay of {self.steps} steps: give 1 or more")


@dataclass(frozen=True)
class Port:
    """An input of the network.

    shape   (C, H, W); a vector is (N, 1, 1)
    analog  lowest and highest value of an input that is the same at each step; None for spikes
    per_step  spikes per step, where each step has as many (a one-hot code); their synapses alike
    group   of prunable units (see `Cell`) that its places belong to
    in_twin whether the ANN of the same topology has it
    """

    name: str
    shape: Shape
    analog: tuple[float, float] | None = None
    per_step: int = 0
    group: str = ""
    in_twin: bool = True


@dataclass(frozen=True, eq=False)
class Link:
    """A synapse and what it reads.

    name     of its node; of several sources, each gets a node `name.label`
    synapse  None adds each source's spikes to the neurons in the same places
    sources  ports or cells whose spikes the synapse sees side by side
    labels   of the sources, where there are several
    """

    name: str
    synapse: Synapse | None
    sources: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Cell:
    """A population of neurons.

    name    of its node
    shape   (C, H, W); a vector is (N, 1, 1)
    links   whose currents add up; of a SpikingLayer the first is its own synapse
    group   of prunable units: cells of one group lose the same units; "" for what cannot be pruned
    blocks  values (channels of a convolution) per unit of its group
    echo    a later cell that fires once for each of its spikes, so that one count tells both
    """

    name: str
    shape: Shape
    neuron: SpikingLayer | Readout | Threshold | Delay
    links: tuple[Link, ...]
    group: str = ""
    blocks: int = 1
    echo: str = ""

    @property
    def path(self) -> str:
        """The path of the layer in its model, or the cell's own name."""
        return self.links[0].name if isinstance(self.neuron, SpikingLayer) else self.name


@dataclass(frozen=True, eq=False)
class Wiring:
    """A network or a part of it.

    output  the population that it ends in
    tanh    whether the output's membranes pass tanh on the host
    twin_passes  how often the ANN of the same topology runs the layers of a loop for one sample
    """

    ports: tuple[Port, ...]
    cells: tuple[Cell, ...]
    output: str
    tanh: bool = False
    twin_passes: LoopPasses = "once"
    shapes: dict[str, Shape] = field(init=False, repr=False)
    """Of ports and cells, by name."""

    def __post_init__(self) -> None:
        every: list[Port | Cell] = [*self.ports, *self.cells]
        shapes = {each.name: each.shape for each in every}
        if len(shapes) < len(every):
            raise ValueError("two ports or cells of a wiring have the same name")
        known = {port.name for port in self.ports}
        for cell in self.cells:
            for name in _sources(cell):
                if name not in shapes:
                    raise ValueError(f"cell '{cell.name}' reads '{name}', which is not there")
                if name not in known and not isinstance(cell.neuron, Delay):
                    raise ValueError(
                        f"cell '{cell.name}' reads '{name}', which is stated after it: let a Delay "
                        "read it"
                    )
            if isinstance(cell.neuron, Delay) and any(link.synapse for link in cell.links):
                raise ValueError(f"'{cell.name}' is a Delay, which passes on as it is: no synapse")
            known.add(cell.name)
        if self.output not in shapes:
            raise ValueError(f"the output '{self.output}' is no cell")
        object.__setattr__(self, "shapes", shapes)

    def runs(self) -> Iterator[tuple[tuple[Cell, ...], bool]]:
        """The cells in the order in which they run: alone, or those of a loop together (True)."""
        place = {cell.name: i for i, cell in enumerate(self.cells)}
        i = 0
        while i < len(self.cells):
            end = j = i
            while j <= end:  # what is read from further on takes what lies between into the loop
                end = max([end, *(place.get(name, -1) for name in _sources(self.cells[j]))])
                j += 1
            yield self.cells[i : end + 1], end > i or self.cells[i].name in _sources(self.cells[i])
            i = end + 1

    def layers(self) -> Iterator[tuple[Cell, SpikingLayer]]:
        """The cells that are trained layers."""
        for cell in self.cells:
            if isinstance(cell.neuron, SpikingLayer):
                yield cell, cell.neuron

    def seen(self, link: Link, spikes: Mapping[str, Tensor], leading: int) -> Tensor:
        """Gives what a link's synapse sees: its sources' values side by side,
        after `leading` axes."""
        parts = [spikes[name] for name in link.sources]
        if reads_vectors(link.synapse):
            flat = [x.flatten(leading) for x in parts]
            return flat[0] if len(flat) == 1 else torch.cat([f.to(flat[0]) for f in flat], -1)
        maps = [
            x.reshape(*x.shape[:leading], *self.shapes[name])
            for x, name in zip(parts, link.sources)
        ]
        return maps[0] if len(maps) == 1 else torch.cat(maps, leading)


def layer(
    path: str,
    neuron: SpikingLayer,
    sources: tuple[str, ...],
    shape: Shape,
    *,
    labels: tuple[str, ...] = (),
    group: str = "",
    blocks: int = 1,
) -> Cell:
    """The cell of the trained layer at `path` of a model, a group of its own unless it is told."""
    link = Link(path, neuron.synapse, sources, labels)
    return Cell(f"{path}.lif", shape, neuron, (link,), group or path, blocks)


def reads_vectors(synapse: Synapse | None) -> bool:
    """Tells whether a synapse reads its sources as vectors, not as maps."""
    return synapse is None or isinstance(synapse, nn.Linear)


def widths(link: Link, shapes: Mapping[str, Shape]) -> tuple[int, ...]:
    """Returns how many inputs of the synapse (values, or channels of maps) each source takes up."""
    return tuple(
        prod(shapes[name]) if reads_vectors(link.synapse) else shapes[name][0]
        for name in link.sources
    )


def _sources(cell: Cell) -> Iterator[str]:
    for link in cell.links:
        yield from link.sources
