"""NIR graph → float Program. `quantise` makes a fixed-point one of it."""

from __future__ import annotations

from dataclasses import dataclass

import nir

from snnvae.deploy import loops
from snnvae.deploy.populations import build_neurons, connect
from snnvae.deploy.quantise import LayerReport, quantise
from snnvae.deploy.settings import Options, Settings, resolve
from snnvae.deploy.wiring import Path, check_nodes, find_paths, population_shape
from snnvae.errors import ConfigError, GraphError, UnsupportedError
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
    program = float_program(graph, options or Options())
    if precision == "float":
        return Compiled(program)
    fixed, report = quantise(program)
    return Compiled(fixed, report)


def float_program(graph: nir.NIRGraph, options: Options) -> Program:
    """The program in NIR's own arithmetic: forward Euler, float64."""
    check_nodes(graph)
    settings = resolve(graph, options)
    inputs = tuple(
        settings.input_port(name, population_shape(node))
        for name, node in graph.nodes.items()
        if isinstance(node, nir.Input)
    )
    neurons = build_neurons(graph, settings.conventions)
    paths = find_paths(graph)
    outputs = _outputs(graph, paths)
    inner = [path for path in paths if path.target in neurons]
    delays = _delays(inner, tuple(neurons), inputs, settings)
    layers, connections = connect(neurons, inner, delays, inputs)
    between = [c for c in connections if c.source in layers]
    order = loops.step_order(tuple(layers), [(c.source, c.target) for c in between if not c.delay])
    groups = loops.loop_groups(order, [(c.source, c.target) for c in between])
    return Program(
        precision="float",
        dt=settings.conventions.dt,
        steps=settings.steps,
        inputs=inputs,
        layers=tuple(layers[name] for name in order),
        connections=_in_order(connections, inputs, order),
        outputs=outputs,
        readouts={name: settings.readout(name, layer) for name, layer in outputs.items()},
        groups=tuple(tuple(name for name in order if name in group) for group in groups),
        metadata=settings.metadata,
    )


def _in_order(
    connections: tuple[Connection, ...], inputs: tuple[Input, ...], order: list[str]
) -> tuple[Connection, ...]:
    """By target, then source, in the order of a step: the same however the file lists its nodes."""
    position = {name: i for i, name in enumerate([*(i.name for i in inputs), *order])}
    return tuple(
        sorted(connections, key=lambda c: (position[c.target], position[c.source], c.name))
    )


def _outputs(graph: nir.NIRGraph, paths: list[Path]) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for path in paths:
        if not isinstance(graph.nodes[path.target], nir.Output):
            continue
        if path.synapse_node is not None:
            raise UnsupportedError(
                f"output '{path.target}' comes straight from the weights of '{path.synapse_node}'; "
                "put a neuron (such as a LI readout) before it"
            )
        if isinstance(graph.nodes[path.source], nir.Input):
            raise UnsupportedError(
                f"output '{path.target}' repeats input '{path.source}'; put a neuron between them"
            )
        if path.delay:
            raise UnsupportedError(
                f"output '{path.target}' follows a delay; connect '{path.source}' to it directly"
            )
        if path.target in outputs:
            raise UnsupportedError(f"output '{path.target}' sums several layers; give each its own")
        outputs[path.target] = path.source
    if not outputs:
        raise GraphError("the graph has no output that a neuron reaches; connect an Output node")
    return outputs


def _delays(
    paths: list[Path], neurons: tuple[str, ...], inputs: tuple[Input, ...], settings: Settings
) -> list[int]:
    """Logical steps of each path: its Delay nodes, plus the implicit step of a loop."""
    dt = settings.conventions.dt
    steps = []
    for path in paths:
        count = round(path.delay / dt)
        if abs(path.delay - count * dt) > 1e-6 * dt or count < 0:
            raise GraphError(
                f"the delay of {path.delay:g} s between '{path.source}' and '{path.target}' is not "
                f"a multiple of dt = {dt:g} s"
            )
        steps.append(count)
    forced = set(settings.delay_edges)
    known = {(p.source, p.target) for p in paths}
    for edge in sorted(forced - known):
        raise ConfigError(f"--delay-edge {edge[0]},{edge[1]}: no such path between neurons")
    steps = [max(n, int((p.source, p.target) in forced)) for n, p in zip(steps, paths)]
    immediate = [(p.source, p.target) for n, p in zip(steps, paths) if n == 0]
    names = (*(i.name for i in inputs), *neurons)
    carried = loops.implicit_delays(names, [i.name for i in inputs], immediate)
    return [n or int((p.source, p.target) in carried) for n, p in zip(steps, paths)]
