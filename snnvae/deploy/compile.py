"""NIR graph → float Program. `quantise` makes a fixed-point one of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import get_args

import nir

from snnvae.deploy import loops
from snnvae.deploy.delays import resolve_delays
from snnvae.deploy.exact_sums import on_grid
from snnvae.deploy.fixed.quantise import LayerReport, quantise, refuse_beyond
from snnvae.deploy.latency import accept_latency, short_loops
from snnvae.deploy.passes import prepare
from snnvae.deploy.populations import build_neurons, connect
from snnvae.deploy.settings import resolve
from snnvae.deploy.shapes import out_shape
from snnvae.deploy.wiring import check_nodes, find_paths
from snnvae.draws import read as read_draws
from snnvae.errors import ConfigError, GraphError
from snnvae.options import Options
from snnvae.origin import Origin
from snnvae.program import Connection, Input, Precision, Program


@dataclass(frozen=True)
class Compiled:
    """A program and, if it is fixed point, what rounding did to each layer."""

    program: Program
    report: tuple[LayerReport, ...] = ()


def compile_graph(
    graph: nir.NIRGraph, precision: Precision = "float", options: Options | None = None
) -> Compiled:
    """Compile a NIR graph.

    Raises GraphError (malformed), UnsupportedError (valid, but beyond the compiler) or ConfigError
    (something that NIR leaves open is stated nowhere), each naming the node.
    """
    if precision not in get_args(Precision):
        raise ConfigError(f"`precision` {precision!r}: choose {' or '.join(get_args(Precision))}")
    options = options or Options()
    program = float_program(graph, options)
    if precision == "float":
        return Compiled(program)
    fixed, report = quantise(program)
    if not options.saturate:
        refuse_beyond(report)
    return Compiled(fixed, report)


def float_program(graph: nir.NIRGraph, options: Options) -> Program:
    """The program in NIR's own arithmetic, float64."""
    check_nodes(graph)
    graph = prepare(graph)
    settings = resolve(graph, options)
    inputs = tuple(
        settings.input_port(name, out_shape(node))
        for name, node in graph.nodes.items()
        if isinstance(node, nir.Input)
    )
    if not inputs:
        raise GraphError("the graph has no input; connect an Input node, whose stream runs it")
    neurons = build_neurons(graph, settings.conventions)
    paths = find_paths(graph)
    outputs = {p.target: p.source for p in paths if isinstance(graph.nodes[p.target], nir.Output)}
    if not outputs:
        raise GraphError("the graph has no output that a neuron reaches; connect an Output node")
    inner = [path for path in paths if path.target in neurons]
    delays = resolve_delays(inner, tuple(neurons), inputs, settings)
    layers, connections = on_grid(*connect(neurons, inner, delays, inputs), inputs)
    lengthened = {}
    if settings.loop_latency == "accept":
        given = {c.name: c.delay for c in connections}
        connections = accept_latency(tuple(layers), connections)
        lengthened = {
            c.name: (given[c.name], c.delay) for c in connections if c.delay != given[c.name]
        }
    immediate = [(c.source, c.target) for c in connections if c.source in layers and not c.delay]
    order = loops.step_order(tuple(layers), immediate)
    stated = settings.metadata
    draws, host_step = read_draws(stated, {port.name: prod(port.shape) for port in inputs})
    return Program(
        precision="float",
        dt=settings.conventions.dt,
        steps=settings.steps,
        inputs=inputs,
        layers=tuple(layers[name] for name in order),
        connections=_in_order(connections, inputs, order),
        outputs=outputs,
        readouts={name: settings.readout(name, layer) for name, layer in outputs.items()},
        groups=short_loops(order, connections),
        twin_passes=stated.get("twin_passes", "once"),
        twin_without=tuple(
            port.name
            for port in inputs
            if not stated.get("inputs", {}).get(port.name, {}).get("in_twin", True)
        ),
        draws=draws,
        host_step=host_step,
        origin=Origin.read(stated),
        options=options,
        scales=settings.scales,
        conventions=settings.stated,
        lengthened=lengthened,
    )


def _in_order(
    connections: tuple[Connection, ...], inputs: tuple[Input, ...], order: list[str]
) -> tuple[Connection, ...]:
    """Sorts by target, then source, in a step's order:
    the same however the file lists its nodes."""
    position = {name: i for i, name in enumerate([*(i.name for i in inputs), *order])}
    return tuple(
        sorted(connections, key=lambda c: (position[c.target], position[c.source], c.name))
    )
