"""Stock mode: the program as Lava's own processes, which is what a Loihi 2 would be given.

A layer is a LIFReset, a connection a Sparse, an input a RingBuffer. Only a loop that is shorter in
NIR than in hardware becomes one process of ours (`Network`). Every port is flat, in C order: shaped
ones would need Lava's virtual ports, which numpy 2.4 breaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.utils.weightutils import SignMode

from snnvae.deploy.lava.graph import LavaGraph, own_log_handlers
from snnvae.deploy.lava.processes.network import Network
from snnvae.deploy.lava.taps import Taps
from snnvae.deploy.lava.timetable import Timetable
from snnvae.deploy.lava.trace import Folder, output_kind
from snnvae.deploy.timing import units
from snnvae.errors import UnsupportedError
from snnvae.primitive import LavaForm
from snnvae.program import Connection, Input, Layer, Program
from snnvae.stimulus import Stimulus


@dataclass
class StockGraph(LavaGraph):
    """Lava's own processes, by the program's names.

    layers: LIFReset by layer name (or the `Network` of its loop). synapses: Sparse by connection
    name. outputs: OutPort of each layer that spikes, flat; connect further processes to it.
    """

    layers: dict[str, AbstractProcess] = field(default_factory=dict)
    synapses: dict[str, AbstractProcess] = field(default_factory=dict)
    outputs: dict[str, OutPort] = field(default_factory=dict)

    def processes(self) -> list[AbstractProcess]:
        """Every process of the graph."""
        return [*self.layers.values(), *self.synapses.values(), *super().processes()]


def build(
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    folder: Folder | None = None,
) -> StockGraph:
    """The graph of stock processes; with a folder, its taps write there.

    UnsupportedError where a layer needs what no stock process does.
    """
    stimulus.check(program)
    timetable = Timetable.of(program, stimulus.batch, stimulus.steps, "stock")
    with own_log_handlers():
        graph = StockGraph(program, stimulus, Taps(program, timetable, folder))
        for unit in units(program):
            if program.group_of(unit[0]):
                _add_loop(graph, unit, membranes)
            else:
                _add_layer(graph, program.layer(unit[0]), membranes)
    return graph


def _add_layer(graph: StockGraph, layer: Layer, membranes: bool) -> None:
    timetable, neuron = graph.timetable, layer.neuron
    depth = timetable.depths[layer.name]
    interval = timetable.steps
    try:
        form = neuron.lava(layer.shape, interval, (depth + 1) % interval)
    except UnsupportedError as error:
        raise UnsupportedError(f"layer '{layer.name}' {error}; use --mode batched") from None
    flat = {"shape": (layer.size,), "bias_mant": np.reshape(form.arguments["bias_mant"], -1)}
    process = _instantiate(form, name=layer.name, **flat)
    graph.layers[layer.name] = process
    for connection in graph.program.into(layer.name):
        if connection.on_host:
            graph.source(connection.name, depth).s_out.connect(process.a_in)
        else:
            synapse = _synapse(connection, graph.program)
            graph.synapses[connection.name] = synapse
            _spikes(graph, connection.source, depth - 1).connect(synapse.s_in)
            synapse.a_out.connect(process.a_in)
    if neuron.spiking:
        graph.outputs[layer.name] = process.s_out
        graph.taps.port("spikes", layer, process.s_out)
    else:
        graph.taps.variable("final", layer, process.v)
    if membranes:
        graph.taps.variable("membranes", layer, process.v)


def _add_loop(graph: StockGraph, group: tuple[str, ...], membranes: bool) -> None:
    depth = graph.timetable.depths[group[0]]
    loop = loop_program(graph.program, group)
    interval = graph.timetable.steps
    network = Network(
        program=loop, interval=interval, offset=depth, name="loop " + ", ".join(group)
    )
    for name, port in network.spikes_in.items():
        _spikes(graph, name, depth).connect(port)
    for name, port in network.currents_in.items():
        graph.source(name, depth).s_out.connect(port)
    for layer in loop.layers:
        graph.layers[layer.name] = network
        output = network.outputs[layer.name]
        if layer.neuron.spiking:
            graph.outputs[layer.name] = output
        graph.taps.port(output_kind(layer), layer, output)
        if membranes:
            graph.taps.port("membranes", layer, network.membranes[layer.name])


def loop_program(program: Program, group: tuple[str, ...]) -> Program:
    """The layers of a loop as a program of their own, what comes from outside as its inputs."""
    connections = tuple(c for c in program.connections if c.target in group)
    outside = dict.fromkeys(c.source for c in connections if c.source not in group)
    inputs = {i.name: i for i in program.inputs}
    return replace(
        program,
        inputs=tuple(
            inputs[name] if name in inputs else Input(name, program.shape_of(name))
            for name in outside
        ),
        layers=tuple(layer for layer in program.layers if layer.name in group),
        connections=connections,
        outputs={},
        readouts={},
        groups=(),
    )


def _spikes(graph: StockGraph, population: str, shift: int) -> OutPort:
    """The port that sends a population's spikes; an input's enter `shift` steps late."""
    if population in graph.outputs:
        return graph.outputs[population]
    return graph.source(population, shift).s_out


def _synapse(connection: Connection, program: Program) -> Any:
    form = connection.synapse.lava()
    if program.precision == "float":
        return _instantiate(form, name=connection.name)
    # Said outright: Lava's guess gives weights of one sign another precision.
    return _instantiate(form, name=connection.name, sign_mode=SignMode.MIXED)


def _instantiate(form: LavaForm, **arguments: Any) -> Any:
    module, name = form.process.split(":")
    return getattr(import_module(module), name)(**{**form.arguments, **arguments})
