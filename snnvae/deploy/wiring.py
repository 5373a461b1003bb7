"""From a NIR graph's nodes and edges to populations and the paths between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import nir
import numpy as np

from snnvae import primitives
from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.primitive import Shape, Synapse


@dataclass(frozen=True)
class Path:
    """From one population to the next one (or an output), through at most one weight node."""

    source: str
    target: str
    synapse_node: str | None
    synapse: Synapse | None
    bias: np.ndarray | None
    delay: float
    shape: Shape
    route: tuple[str, ...] = ()
    """The nodes between the weights and the target: a bias counts once for each such way."""


def check_nodes(graph: nir.NIRGraph) -> None:
    """UnsupportedError for a node that the compiler does not take, naming it and what to do.

    GraphError for one that holds values which are not finite.
    """
    for name, node in graph.nodes.items():
        for field, value in vars(node).items():
            array = np.asarray(value) if isinstance(value, (np.ndarray, float)) else np.zeros(())
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise GraphError(
                    f"'{field}' of node '{name}' ({type(node).__name__}) is not finite; "
                    "export the file again"
                )
        if primitives.synapse_for(node) or primitives.neuron_for(node):
            continue
        if isinstance(node, primitives.STRUCTURE):
            continue
        kind = type(node).__name__
        remedy = primitives.UNSUPPORTED.get(type(node), "write it with supported nodes")
        raise UnsupportedError(f"node '{name}' ({kind}) is not supported; {remedy}")


def population_shape(node: nir.NIRNode) -> Shape:
    """Shape of a NIR input or neuron node."""
    return tuple(int(n) for n in np.atleast_1d(next(iter(node.output_type.values()))))


def find_paths(graph: nir.NIRGraph) -> list[Path]:
    """All paths between populations, in the order of the graph's nodes and edges."""
    follow: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        follow[source].append(target)
    return [
        path
        for name, node in graph.nodes.items()
        if isinstance(node, nir.Input) or primitives.neuron_for(node)
        for path in _walk(graph, follow, _start(name, population_shape(node)), name, frozenset())
    ]


def _start(name: str, shape: Shape) -> Path:
    return Path(name, "", None, None, None, 0.0, shape)


def _walk(
    graph: nir.NIRGraph, follow: dict[str, list[str]], path: Path, at: str, seen: frozenset[str]
) -> Iterator[Path]:
    for name in follow[at]:
        node = graph.nodes[name]
        if isinstance(node, nir.Output) or primitives.neuron_for(node):
            yield _arrive(path, name, node)
            continue
        if name in seen:
            raise GraphError(f"node '{name}' lies on a loop without neurons; put a neuron into it")
        try:
            step = _through(path, name, node)
        except SnnvaeError as error:
            raise type(error)(f"node '{name}' ({type(node).__name__}) {error}") from None
        yield from _walk(graph, follow, step, name, seen | {name})


def _through(path: Path, name: str, node: nir.NIRNode) -> Path:
    """The path after a weight node, a Flatten or a Delay."""
    behind = (*path.route, name) if path.synapse_node else ()
    if isinstance(node, nir.Flatten):
        return replace(path, shape=_flattened(path.shape, node), route=behind)
    if isinstance(node, nir.Delay):
        if path.bias is not None and np.any(path.bias != 0):
            raise UnsupportedError(
                f"follows '{path.synapse_node}' and would delay its bias; put it before the weights"
            )
        delays = np.unique(np.asarray(node.delay, np.float64))
        if len(delays) != 1:
            raise UnsupportedError("has a delay per neuron; give it one delay for all")
        return replace(path, delay=path.delay + float(delays[0]), route=behind)
    if isinstance(node, nir.Input):
        raise GraphError("is an input, yet an edge leads into it; remove that edge")
    if path.synapse is not None:
        raise UnsupportedError(
            f"follows the weights of '{path.synapse_node}' without neurons between them; "
            "multiply the two into one node"
        )
    kind = primitives.synapse_for(node)
    if kind is None:
        raise UnsupportedError("is not supported here")
    synapse, bias = kind.from_nir(node, path.shape)
    return replace(path, synapse_node=name, synapse=synapse, bias=bias, shape=synapse.out_shape)


def _arrive(path: Path, name: str, node: nir.NIRNode) -> Path:
    shape = population_shape(node)
    if path.shape != shape:
        via = f" through '{path.synapse_node}'" if path.synapse_node else ""
        raise GraphError(
            f"node '{name}' ({type(node).__name__}) has shape {shape}, but '{path.source}'{via} "
            f"gives it {path.shape}; mend the shapes or add a Flatten"
        )
    return replace(path, target=name)


def _flattened(shape: Shape, node: nir.Flatten) -> Shape:
    """Axes start_dim … end_dim joined, counted without a batch axis."""
    rank = len(shape)
    first, last = int(node.start_dim), int(node.end_dim)
    first, last = first + rank * (first < 0), last + rank * (last < 0)
    if not 0 <= first <= last < rank:
        raise GraphError(f"joins axes {node.start_dim}…{node.end_dim} of an input {shape}")
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])
