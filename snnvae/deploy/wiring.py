"""Finds the populations of a NIR graph and the paths between them, from its nodes and edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import successors, with_arrays
from snnvae.deploy.shapes import flattened, out_shape
from snnvae.errors import GraphError, SnnvaeError
from snnvae.primitive import Shape, Synapse


@dataclass(frozen=True)
class Path:
    """A path from one population to the next one (or an output), through at most one weight node.

    Delays are in seconds: of the spikes, and of the weight node's bias, which only what lies behind
    the weights delays.
    """

    source: str
    target: str
    synapse_node: str | None
    synapse: Synapse | None
    bias: np.ndarray | None
    delay: float
    bias_delay: float
    shape: Shape
    route: tuple[str, ...] = ()
    """The nodes between the weights and the target: a bias counts once for each such way."""


def check_nodes(graph: nir.NIRGraph) -> None:
    """GraphError for what is no graph of nodes, and for values that are not finite."""
    if not isinstance(graph, nir.NIRGraph):
        raise GraphError(f"a {type(graph).__name__} is no NIR graph; read a file, or build one")
    for name, node in graph.nodes.items():
        if not isinstance(node, nir.NIRNode):
            raise GraphError(f"node '{name}' is a {type(node).__name__}, not a node of NIR")
        if isinstance(node, nir.NIRGraph):
            check_nodes(node)
        for field, value in vars(with_arrays(name, node)).items():
            array = np.asarray(value) if isinstance(value, (np.ndarray, float)) else np.zeros(())
            never = field == "v_threshold"  # +inf there: see passes/silent_readouts.py
            if array.dtype.kind == "f" and not (np.isfinite(array) | never & (array > 0)).all():
                told = " (an infinite v_threshold means a readout)" if never else ""
                raise GraphError(
                    f"'{field}' of node '{name}' ({type(node).__name__}) is not finite; give it "
                    f"finite values{told}"
                )


def find_paths(graph: nir.NIRGraph) -> list[Path]:
    """Finds all paths between populations of a prepared graph,
    in the order of its nodes and edges."""
    follow = successors(graph)
    return [
        path
        for name, node in graph.nodes.items()
        if isinstance(node, nir.Input) or primitives.neuron_for(node)
        for path in _walk(graph, follow, _start(name, out_shape(node)), name)
    ]


def _start(name: str, shape: Shape) -> Path:
    return Path(name, "", None, None, None, 0.0, 0.0, shape)


def _walk(graph: nir.NIRGraph, follow: dict[str, list[str]], path: Path, at: str) -> Iterator[Path]:
    for name in follow[at]:
        node = graph.nodes[name]
        if isinstance(node, nir.Output) or primitives.neuron_for(node):
            yield replace(path, target=name)
            continue
        try:
            step = _through(path, name, node)
        except SnnvaeError as error:
            raise type(error)(f"node '{name}' ({type(node).__name__}) {error}") from None
        yield from _walk(graph, follow, step, name)


def _through(path: Path, name: str, node: nir.NIRNode) -> Path:
    """The path after a weight node, a Flatten or a Delay."""
    behind = (*path.route, name) if path.synapse_node else ()
    if isinstance(node, primitives.RESHAPES):
        return replace(path, shape=flattened(path.shape, node), route=behind)
    if isinstance(node, nir.Delay):
        delay = float(node.delay.flat[0])
        late = path.bias_delay + delay if path.synapse_node else 0.0
        return replace(path, delay=path.delay + delay, bias_delay=late, route=behind)
    kind = primitives.synapse_for(node)
    assert kind is not None, "build_graph knows every node"
    assert path.synapse is None, "the passes leave one weight node at most"
    synapse, bias = kind.from_nir(node, path.shape)
    return replace(path, synapse_node=name, synapse=synapse, bias=bias, shape=synapse.out_shape)
