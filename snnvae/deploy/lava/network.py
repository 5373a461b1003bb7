"""Batched mode: the whole program as one `NetworkProcess` between Lava's sources and sinks."""

from __future__ import annotations

from dataclasses import dataclass, field

from lava.magma.core.process.process import AbstractProcess

from snnvae.deploy.lava.graph import LavaGraph, own_log_handlers
from snnvae.deploy.lava.processes.network import NetworkProcess
from snnvae.deploy.lava.taps import Taps
from snnvae.deploy.lava.timetable import Timetable, shares_of
from snnvae.deploy.lava.trace import Folder, output_kind
from snnvae.program import Program
from snnvae.stimulus import Stimulus


@dataclass
class NetworkGraph(LavaGraph):
    """Sources → `networks` → sinks. Ports have shape (samples, neurons).

    Each network runs the whole program for a share of the samples.
    """

    networks: list[NetworkProcess] = field(default_factory=list)

    @property
    def network(self) -> NetworkProcess:
        """The only one."""
        (network,) = self.networks
        return network

    def processes(self) -> list[AbstractProcess]:
        """Every process of the graph."""
        return [*self.networks, *super().processes()]


def build(
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    folder: Folder | None = None,
    shares: int = 1,
) -> NetworkGraph:
    """The graph, its samples in so many shares; with a folder, its taps write there."""
    stimulus.check(program)
    timetable = Timetable.of(program, stimulus.batch, stimulus.steps, "batched")
    with own_log_handlers():
        graph = NetworkGraph(program, stimulus, Taps(program, timetable, folder))
        for samples in shares_of(stimulus.batch, shares):
            _add_network(graph, samples, membranes)
    return graph


def _add_network(graph: NetworkGraph, samples: slice, membranes: bool) -> None:
    program, taps = graph.program, graph.taps
    network = NetworkProcess(
        program=program,
        interval=graph.stimulus.steps,
        batch=samples.stop - samples.start,
        name=f"network from sample {samples.start}",
    )
    graph.networks.append(network)
    for name, port in (*network.spikes_in.items(), *network.currents_in.items()):
        graph.source(name, 0, samples=samples).s_out.connect(port)
    # With a folder one sink for all spikes: each process costs Lava a round of messages per step.
    together = taps.folder is not None and any(layer.neuron.spiking for layer in program.layers)
    if together:
        taps.all_spikes(network.all_spikes, samples)
    share = samples if taps.folder is not None else None
    for layer in program.layers:
        if not (together and layer.neuron.spiking):
            taps.port(output_kind(layer), layer, network.outputs[layer.name], share)
        if membranes:
            taps.port("membranes", layer, network.membranes[layer.name], share)


__all__ = ["NetworkGraph", "NetworkProcess", "build"]
