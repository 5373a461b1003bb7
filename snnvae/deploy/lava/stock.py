"""Stock mode: the program as Lava's own processes, which is what a Loihi 2 would be given.

A layer is a LIFReset, a connection a Sparse (a DelaySparse where it must wait), an input a
RingBuffer. Only a loop that is shorter in NIR than in hardware becomes one process of ours
(`NetworkProcess`). Every port is flat, in C order: shaped ones would need Lava's virtual ports,
which numpy 2.4 breaks.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from lava.magma.core.process.ports.ports import OutPort

from snnvae.deploy.lava.adapters import CURRENT_BITS, Adapters
from snnvae.deploy.lava.delayed import delayed_spikes
from snnvae.deploy.lava.graph import own_log_handlers
from snnvae.deploy.lava.processes.network import NetworkProcess
from snnvae.deploy.lava.stock_graph import StockGraph
from snnvae.deploy.lava.synapses import graded_identity, synapse_process
from snnvae.deploy.lava.taps import Taps
from snnvae.deploy.lava.timetable import Target, Timetable
from snnvae.deploy.lava.trace import Folder, output_kind
from snnvae.deploy.timing import check_stock, units
from snnvae.errors import UnsupportedError
from snnvae.program import Connection, Input, Layer, Program
from snnvae.stimulus import Stimulus


def build(
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    folder: Folder | None = None,
    target: Target = "cpu",
    adapters: bool = True,
) -> StockGraph:
    """The graph of stock processes; with a folder, its taps write there.

    target "loihi2": as a chip needs it, with Lava's I/O adapters (or, to see what can be seen
    without them, none). UnsupportedError where a layer needs what no stock process does.
    """
    stimulus.check(program)
    try:
        check_stock(program)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error}; use `mode` batched") from None
    timetable = Timetable.of(program, stimulus.batch, stimulus.steps, "stock", target)
    with own_log_handlers():
        taps = Taps(program, timetable, folder)
        crossing = Adapters(on_chip=adapters and target == "loihi2")
        graph = StockGraph(program, stimulus, taps, target=target, adapters=crossing)
        loops: list[tuple[tuple[str, ...], NetworkProcess]] = []
        for unit in units(program):
            if program.group_of(unit[0]):
                loops.append((unit, _add_loop(graph, unit, membranes)))
            else:
                _add_layer(graph, program.layer(unit[0]), membranes)
        # All layers first: a loop may be fed by one that comes later.
        for unit, network in loops:
            _feed_loop(graph, unit, network)
        for connection in program.connections:
            if program.group_of(connection.target) is None:
                _feed_layer(graph, connection)
    return graph


def _add_layer(graph: StockGraph, layer: Layer, membranes: bool) -> None:
    timetable, neuron = graph.timetable, layer.neuron
    interval = timetable.steps
    form = neuron.lava(layer.shape, interval, (timetable.depths[layer.name] + 1) % interval)
    module, name = form.process.split(":")
    process = getattr(import_module(module), name)(name=layer.name, **form.arguments)
    graph.layers[layer.name] = process
    if neuron.spiking:
        graph.outputs[layer.name] = process.s_out
        graph.taps.port("spikes", layer, graph.adapters.to_cpu(process.s_out))
    else:
        graph.taps.variable("final", layer, process.v)
    if membranes:
        graph.taps.variable("membranes", layer, process.v)


def _feed_layer(graph: StockGraph, connection: Connection) -> None:
    """Connects a connection into a LIFReset."""
    target: Any = graph.layers[connection.target]
    depth = graph.timetable.depths[connection.target]
    if connection.on_host:
        _host_current(graph, connection, depth).connect(target.a_in)
        return
    source, wait = connection.source, graph.schedule.waits.get(connection.name, 0)
    if source not in graph.outputs:
        port = graph.spikes_from(source, depth - 1, connection.delay)
    elif connection.delay:
        relay = delayed_spikes(graph, connection, graph.outputs[source], wait)
        graph.relays[connection.name] = relay.relay
        port, wait = relay.relay.s_out, 0
    else:
        port = graph.outputs[source]
    synapse = synapse_process(
        connection.synapse, graph.program.precision, wait=wait, name=connection.name
    )
    graph.synapses[connection.name] = synapse
    port.connect(synapse.s_in)
    synapse.a_out.connect(target.a_in)


def _host_current(graph: StockGraph, connection: Connection, depth: int) -> OutPort:
    """The host's currents; on a chip as graded spikes, which a synapse of weight 1 each passes."""
    if graph.target == "cpu":
        return graph.source(connection.name, depth).s_out
    port = graph.source(connection.name, depth - 1).s_out
    size = graph.program.layer(connection.target).size
    passing = graded_identity(size, CURRENT_BITS, name=connection.name)
    graph.adapters.to_chip(port, CURRENT_BITS).connect(passing.s_in)
    graph.synapses[connection.name] = passing
    out: OutPort = passing.a_out
    return out


def _add_loop(graph: StockGraph, group: tuple[str, ...], membranes: bool) -> NetworkProcess:
    depth = graph.timetable.depths[group[0]]
    loop = loop_program(graph.program, group)
    depths = graph.timetable.depths
    network = NetworkProcess(
        program=loop,
        interval=graph.timetable.steps,
        offset=depth,
        waits={i.name: depth - depths[i.name] for i in loop.inputs if i.name in depths},
        name="loop " + ", ".join(group),
    )
    for layer in loop.layers:
        graph.layers[layer.name] = network
        output = network.outputs[layer.name]
        if layer.neuron.spiking:
            graph.outputs[layer.name] = output
        graph.taps.port(output_kind(layer), layer, output)
        if membranes:
            graph.taps.port("membranes", layer, network.membranes[layer.name])
    return network


def _feed_loop(graph: StockGraph, group: tuple[str, ...], network: NetworkProcess) -> None:
    """Connects to a loop's process, which lets what comes early wait,
    and delays what is delayed."""
    depth = graph.timetable.depths[group[0]]
    for name, port in network.spikes_in.items():
        source = graph.outputs.get(name)
        (source or graph.source(name, depth).s_out).connect(port)
    for name, port in network.currents_in.items():
        graph.source(name, depth).s_out.connect(port)


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
