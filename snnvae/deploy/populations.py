"""NIR's neurons and weights as a program's layers and connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.wiring import Path, population_shape
from snnvae.errors import SnnvaeError, UnsupportedError
from snnvae.primitive import Conventions, Shape
from snnvae.primitives.one_to_one import OneToOne
from snnvae.program import Connection, Input, Layer


@dataclass(frozen=True)
class Population:
    """Neurons of a NIR node, and the gain by which their input currents are multiplied."""

    shape: Shape
    neuron: primitives.FloatNeuron
    gain: np.ndarray


def build_neurons(graph: nir.NIRGraph, conventions: Conventions) -> dict[str, Population]:
    """Every neuron node by name, in the graph's order."""
    found = {}
    for name, node in graph.nodes.items():
        kind = primitives.neuron_for(node)
        if kind is None:
            continue
        try:
            neuron, gain = kind.from_nir(node, conventions)
        except SnnvaeError as error:
            raise type(error)(f"node '{name}' ({type(node).__name__}): {error}") from None
        found[name] = Population(population_shape(node), neuron, gain)
    return found


def connect(
    neurons: Mapping[str, Population],
    paths: Sequence[Path],
    delays: Sequence[int],
    inputs: Sequence[Input],
) -> tuple[dict[str, Layer], tuple[Connection, ...]]:
    """Layers, with the biases of their weight nodes, and connections, with the neurons' gain."""
    analog = {port.name for port in inputs if port.analog}
    biases: dict[str, np.ndarray] = {name: p.neuron.bias for name, p in neurons.items()}
    added: set[tuple[str | None, tuple[str, ...], str]] = set()
    connections = []
    uses: Counter[str] = Counter()
    for path, delay in zip(paths, delays, strict=True):
        on_host = path.source in analog
        _check_source(path, neurons, delay if on_host else 0)
        gain = neurons[path.target].gain
        try:
            synapse = path.synapse or OneToOne.plain(path.shape)
            # A Flatten may lie between the weights and the neurons.
            synapse = synapse.with_gain(gain.reshape(synapse.out_shape) if gain.ndim else gain)
        except SnnvaeError as error:
            raise type(error)(f"node '{path.synapse_node}' {error}") from None
        # A weight node adds its bias once, to the sum of all its sources.
        way = (path.synapse_node, path.route, path.target)
        bias = None
        if path.bias is not None and way not in added:
            bias = gain * path.bias.reshape(path.shape)
            added.add(way)
        if bias is not None and not on_host:
            biases[path.target] = biases[path.target] + bias
        base = path.synapse_node or f"{path.source}->{path.target}"
        uses[base] += 1
        name = base if uses[base] == 1 else f"{base}#{uses[base]}"
        host_bias = bias if on_host else None
        connections.append(
            Connection(name, path.source, path.target, synapse, delay, on_host, host_bias)
        )
    layers = {
        name: Layer(name, p.shape, replace(p.neuron, bias=biases[name]))
        for name, p in neurons.items()
    }
    return layers, tuple(connections)


def _check_source(path: Path, neurons: Mapping[str, Population], delay: int) -> None:
    if path.source in neurons and not neurons[path.source].neuron.spiking:
        raise UnsupportedError(
            f"'{path.source}' has no spikes, yet it feeds '{path.target}'; only an output can "
            "follow a leaky integrator"
        )
    if delay:
        raise UnsupportedError(f"analog input '{path.source}' is delayed; shift the data instead")
