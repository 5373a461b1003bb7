"""What stock mode has built so far, or in all."""

from __future__ import annotations

from dataclasses import dataclass, field

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess

from snnvae.deploy.lava.adapters import Adapters
from snnvae.deploy.lava.graph import LavaGraph
from snnvae.deploy.lava.timetable import HOST_STEPS, Target
from snnvae.deploy.timing import Schedule, schedule


@dataclass
class StockGraph(LavaGraph):
    """Lava's own processes, by the program's names.

    layers: LIFReset by layer name (or the `NetworkProcess` of its loop). synapses: Sparse by
    connection name. relays: what keeps a delayed connection's spikes out of the next sample, by
    its name.
    outputs: OutPort of each layer that spikes, flat; connect further processes to it. On a Loihi 2
    `adapters` stand where a port crosses to or from the chip.
    """

    target: Target = "cpu"
    adapters: Adapters = field(default_factory=Adapters)
    schedule: Schedule = field(init=False)
    layers: dict[str, AbstractProcess] = field(default_factory=dict)
    synapses: dict[str, AbstractProcess] = field(default_factory=dict)
    relays: dict[str, AbstractProcess] = field(default_factory=dict)
    outputs: dict[str, OutPort] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.schedule = schedule(self.program, HOST_STEPS[self.target])

    def processes(self) -> list[AbstractProcess]:
        """Every process of the graph."""
        own = (self.layers, self.synapses, self.relays)
        made = [p for table in own for p in table.values()]
        return [*made, *self.adapters.made, *super().processes()]

    def spikes_from(self, stream: str, shift: int, delay: int = 0) -> OutPort:
        """The port that sends an input's spikes, `shift` steps late."""
        return self.adapters.to_chip(self.source(stream, shift, delay).s_out)
