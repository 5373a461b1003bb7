"""Batched mode: the whole program as one `Network` process between Lava's sources and sinks."""

from __future__ import annotations

from dataclasses import dataclass, field

from lava.magma.core.process.process import AbstractProcess

from snnvae.deploy.lava.graph import LavaGraph, own_log_handlers
from snnvae.deploy.lava.processes.network import Network
from snnvae.deploy.lava.taps import Taps
from snnvae.deploy.lava.timetable import Timetable
from snnvae.deploy.lava.trace import Folder, output_kind
from snnvae.program import Program
from snnvae.stimulus import Stimulus


@dataclass
class NetworkGraph(LavaGraph):
    """Sources → `network` → sinks. Ports have shape (samples, neurons)."""

    network: Network = field(init=False)

    def processes(self) -> list[AbstractProcess]:
        """Every process of the graph."""
        return [self.network, *super().processes()]


def build(
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    folder: Folder | None = None,
) -> NetworkGraph:
    """The graph; with a folder, its taps write there."""
    stimulus.check(program)
    timetable = Timetable.of(program, stimulus.batch, stimulus.steps, "batched")
    with own_log_handlers():
        graph = NetworkGraph(program, stimulus, Taps(program, timetable, folder))
        network = Network(program=program, interval=stimulus.steps, batch=stimulus.batch)
        graph.network = network
        for name, port in (*network.spikes_in.items(), *network.currents_in.items()):
            graph.source(name, 0).s_out.connect(port)
        for layer in program.layers:
            graph.taps.port(output_kind(layer), layer, network.outputs[layer.name])
            if membranes:
                graph.taps.port("membranes", layer, network.membranes[layer.name])
    return graph


__all__ = ["Network", "NetworkGraph", "build"]
