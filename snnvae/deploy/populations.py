"""NIR's neurons and weights as a program's layers and connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import nir
import numpy as np

from snnvae import primitives
from snnvae.conventions import Conventions
from snnvae.deploy.delays import Delays
from snnvae.deploy.graph import unused_name
from snnvae.deploy.passes.silent_readouts import written_as
from snnvae.deploy.shapes import out_shape
from snnvae.deploy.wiring import Path
from snnvae.errors import SnnvaeError
from snnvae.primitive import Shape
from snnvae.primitives.convolution import Convolution
from snnvae.primitives.neuron import ONE
from snnvae.program import Connection, Input, Layer


@dataclass(frozen=True)
class Population:
    """Neurons of a NIR node, and the gain by which their input currents are multiplied."""

    shape: Shape
    neuron: primitives.FloatNeuron
    gain: np.ndarray
    added_by_compiler: bool


def build_neurons(graph: nir.NIRGraph, conventions: Conventions) -> dict[str, Population]:
    """Builds the neurons of every neuron node, by name, in the graph's order."""
    found = {}
    for name, node in graph.nodes.items():
        kind = primitives.neuron_for(node)
        if kind is None:
            continue
        try:
            neuron, gain = kind.from_nir(node, conventions)
        except SnnvaeError as error:
            raise type(error)(f"node '{name}' ({written_as(node)}): {error}") from None
        relay = isinstance(node, primitives.NirRelay)
        found[name] = Population(out_shape(node), neuron, gain, added_by_compiler=relay)
    return found


def connect(
    neurons: Mapping[str, Population],
    paths: Sequence[Path],
    delays: Delays,
    inputs: Sequence[Input],
) -> tuple[dict[str, Layer], tuple[Connection, ...]]:
    """Layers, with the biases of their weight nodes, and connections, with the neurons' gain.

    A weight node adds its bias once, to the sum of all its sources. A bias that starts late, or
    that passes through a synaptic current as spikes do, comes from a neuron that always fires.
    """
    analog = {port.name for port in inputs if port.analog}
    biases: dict[str, np.ndarray] = {name: p.neuron.bias for name, p in neurons.items()}
    added: set[tuple[str | None, tuple[str, ...], str]] = set()
    connections: list[Connection] = []
    sources: dict[str, Layer] = {}
    uses: Counter[str] = Counter()
    for i, path in enumerate(paths):
        on_host = path.source in analog
        target = neurons[path.target]
        gain = target.gain
        synapse = path.synapse or primitives.OneToOne.plain(path.shape)
        # A Flatten may lie between the weights and the neurons.
        synapse = synapse.with_gain(gain.reshape(synapse.out_shape) if gain.ndim else gain)
        if isinstance(synapse, Convolution):
            synapse = synapse.without_dead_taps()
        way = (path.synapse_node, path.route, path.target)
        bias = None
        if path.bias is not None and way not in added:
            added.add(way)
            if np.any(path.bias):
                bias = gain * path.bias.reshape(target.shape)
        base = path.synapse_node or f"{path.source}->{path.target}"
        uses[base] += 1
        name = base if uses[base] == 1 else f"{base}#{uses[base]}"
        host_bias = None
        if bias is not None:
            late = delays.bias[way]
            if on_host and not late:
                host_bias = bias
            elif late or target.neuron.du is not None:
                source = unused_name(f"{name}.bias", [*neurons, *sources])
                sources[source] = _always(source)
                connections.append(_from_always(source, path.target, bias, late))
            else:
                biases[path.target] = biases[path.target] + bias
        connections.append(
            Connection(name, path.source, path.target, synapse, delays.steps[i], on_host, host_bias)
        )
    layers = {
        name: Layer(
            name,
            p.shape,
            replace(p.neuron, bias=biases[name]),
            added_by_compiler=p.added_by_compiler,
        )
        for name, p in neurons.items()
    }
    return {**sources, **layers}, tuple(connections)


def _always(name: str) -> Layer:
    """A single neuron that fires at every step."""
    neuron = primitives.Threshold(dv=ONE, bias=ONE, threshold=np.asarray(0.5))
    return Layer(name, (1,), neuron, added_by_compiler=True)


def _from_always(source: str, target: str, bias: np.ndarray, delay: int) -> Connection:
    """The bias as weights from the neuron that always fires."""
    column = np.asarray(bias, np.float64).reshape(-1, 1)
    synapse = primitives.Linear((1,), (column.size,), column)
    return Connection(source, source, target, synapse, delay)
