"""NIR graph → float Program. `quantise` makes a fixed-point one of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy import loops
from snnvae.deploy.quantise import LayerReport, quantise
from snnvae.deploy.settings import Options, Settings, resolve
from snnvae.deploy.wiring import Path, check_nodes, find_paths, population_shape
from snnvae.errors import ConfigError, GraphError, SnnvaeError, UnsupportedError
from snnvae.primitives.linear import identity
from snnvae.program import Connection, Input, Layer, Precision, Program


@dataclass(frozen=True)
class Compiled:
    """A program and, if it is fixed point, what rounding did to each layer."""

    program: Program
    report: tuple[LayerReport, ...] = ()


def compile_graph(
    graph: nir.NIRGraph, precision: Precision = "float", options: Options | None = None
) -> Compiled:
    """Compile a NIR graph.

    Raises GraphError (malformed), UnsupportedError (valid, but beyond the compiler) or ConfigError (something
    that NIR leaves open is stated nowhere), each naming the node.
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
    paths = find_paths(graph)
    outputs = _outputs(graph, paths)
    neurons = {name: n for name, n in graph.nodes.items() if primitives.neuron_for(n)}
    inner = [path for path in paths if path.target in neurons]
    delays = _delays(inner, tuple(neurons), inputs, settings)
    wired = _connect(graph, inner, delays, inputs, settings)
    immediate = [(c.source, c.target) for c in wired.connections if not c.delay]
    known = {name for name in neurons}
    order = loops.step_order(
        tuple(neurons), [edge for edge in immediate if edge[0] in known]
    )
    layers = tuple(wired.layers[name] for name in order)
    edges = [(c.source, c.target) for c in wired.connections if c.source in known]
    groups = loops.loop_groups(order, edges)
    return Program(
        precision="float",
        dt=settings.conventions.dt,
        steps=settings.steps,
        inputs=inputs,
        layers=layers,
        connections=wired.connections,
        outputs=outputs,
        readouts={name: settings.readout(name, layer) for name, layer in outputs.items()},
        groups=tuple(tuple(name for name in order if name in group) for group in groups),
        metadata=settings.metadata,
    )


@dataclass(frozen=True)
class _Wired:
    layers: dict[str, Layer]
    connections: tuple[Connection, ...]


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


def _connect(
    graph: nir.NIRGraph,
    paths: list[Path],
    delays: list[int],
    inputs: tuple[Input, ...],
    settings: Settings,
) -> _Wired:
    """Layers with their biases, and connections with the neurons' gain folded in."""
    analog = {i.name for i in inputs if i.analog}
    gains: dict[str, np.ndarray] = {}
    layers: dict[str, Layer] = {}
    for name, node in graph.nodes.items():
        kind = primitives.neuron_for(node)
        if kind is None:
            continue
        try:
            neuron, gains[name] = kind.from_nir(node, settings.conventions)
        except SnnvaeError as error:
            raise type(error)(f"node '{name}' ({type(node).__name__}): {error}") from None
        layers[name] = Layer(name, population_shape(node), neuron)
    connections = []
    uses: Counter[str] = Counter()
    for path, delay in zip(paths, delays, strict=True):
        if path.source in layers and not layers[path.source].neuron.spiking:
            raise UnsupportedError(
                f"'{path.source}' has no spikes, yet it feeds '{path.target}'; only an output can "
                "follow a leaky integrator"
            )
        target = layers[path.target]
        gain = gains[path.target]
        on_host = path.source in analog
        if on_host and delay:
            raise UnsupportedError(f"analog input '{path.source}' is delayed; shift the data instead")
        synapse = path.synapse or identity(path.shape)
        try:
            synapse = synapse.with_gain(gain)
        except SnnvaeError as error:
            raise type(error)(f"node '{path.synapse_node}' {error}") from None
        bias = None if path.bias is None else gain * path.bias
        if bias is not None and not on_host:
            neuron = replace(target.neuron, bias=target.neuron.bias + bias)
            layers[path.target] = replace(target, neuron=neuron)
        name = path.synapse_node or f"{path.source}->{path.target}"
        uses[name] += 1
        connections.append(
            Connection(
                name if uses[name] == 1 else f"{name}#{uses[name]}",
                path.source,
                path.target,
                synapse,
                delay,
                on_host,
                bias if on_host else None,
            )
        )
    return _Wired(layers, tuple(connections))
