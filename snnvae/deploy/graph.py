"""Building NIR graphs without NIR's side effects, and taking nodes out of them.

`nir.NIRGraph(...)` changes the dict and list that it is given, adds nodes of its own where an input
or output is missing, and infers wrong shapes for groups and for kernels that are not square.
Everything here hands it copies and works out the shapes itself.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from copy import copy
from dataclasses import fields
from typing import Any

import networkx as nx
import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.shapes import resolve_shapes
from snnvae.errors import GraphError
from snnvae.plain_text import words_of

Edge = tuple[str, str]


def build_graph(
    nodes: Mapping[str, nir.NIRNode],
    edges: Iterable[Edge],
    metadata: Mapping[str, Any] | None = None,
) -> nir.NIRGraph:
    """A checked NIRGraph of copies, every node with its shapes; GraphError if it does not fit.

    What should be arrays may be tensors of torch or lists; the copies hold arrays.
    """
    copies = {name: with_arrays(name, node) for name, node in nodes.items()}
    given = [_pair(edge) for edge in edges]
    _check_structure(copies, given)
    for name, node in copies.items():
        if isinstance(node, nir.NIRGraph):
            try:
                copies[name] = build_graph(node.nodes, node.edges, node.metadata)
            except GraphError as error:
                raise GraphError(f"in subgraph '{name}': {error}") from None
    resolve_shapes(copies, given)
    return nir.NIRGraph(copies, given, metadata=dict(metadata or {}), type_check=False)


def with_arrays(name: str, node: nir.NIRNode) -> nir.NIRNode:
    """A copy of a node whose parameters are arrays of real numbers.

    A tensor of torch, wherever it lies and whether it wants gradients, and a list are taken as the
    array of their values; GraphError names the parameter that is no such array.
    """
    taken = copy(node)
    if isinstance(node, nir.NIRNode):
        for field, value in vars(node).items():
            if _should_be_array(node, field, value):
                vars(taken)[field] = _as_array(
                    value, f"'{field}' of node '{name}' ({type(node).__name__})"
                )
    return taken


def _should_be_array(node: nir.NIRNode, field: str, value: object) -> bool:
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        return True
    listed = isinstance(value, (list, tuple, float, complex, np.generic))
    kinds = {f.name: str(f.type) for f in fields(node)}
    return listed and "Dict" not in kinds.get(field, "") and "ndarray" in kinds.get(field, "")


def _as_array(value: Any, what: str) -> np.ndarray:
    if hasattr(value, "detach"):
        _check_tensor(value, what)
    if isinstance(value, np.ma.MaskedArray):
        raise GraphError(f"{what} is a masked array; give all its values, as value.filled(0) does")
    try:
        array = np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    except Exception as error:  # torch and NumPy raise whatever a value leads to
        kind = f"{value.dtype} on {value.device}" if hasattr(value, "device") else "a list"
        raise GraphError(
            f"{what} is no array of numbers ({kind}: {words_of(error, 100)}); give one"
        ) from None
    if array.dtype.kind == "c":
        raise GraphError(f"{what} is complex; give real values")
    if array.dtype.kind not in "biuf":
        raise GraphError(f"{what} holds {array.dtype.name}, not numbers; give an array of numbers")
    return array


def _check_tensor(value: Any, what: str) -> None:
    """GraphError for a tensor of torch's that NumPy cannot hold, with what to give instead."""
    if getattr(value, "is_meta", False):
        raise GraphError(
            f"{what} is on the 'meta' device, which holds no values; load the weights first"
        )
    layout = str(getattr(value, "layout", "torch.strided"))
    if layout != "torch.strided" or getattr(value, "is_quantized", False):
        kind = layout if layout != "torch.strided" else "quantised"
        raise GraphError(f"{what} is {kind}; give a dense tensor of float32")
    kind = str(getattr(value, "dtype", ""))
    if kind == "torch.bfloat16" or kind.startswith("torch.float8"):
        raise GraphError(f"{what} is {kind}; give float32")


def _pair(edge: object) -> Edge:
    if not isinstance(edge, (tuple, list)) or len(edge) != 2:
        raise GraphError(f"edge {edge!r} is no pair of names")
    return str(edge[0]), str(edge[1])


def _check_structure(nodes: Mapping[str, nir.NIRNode], edges: list[Edge]) -> None:
    for name in nodes:
        if not isinstance(name, str) or name in ("", ".") or "/" in name or "\0" in name:
            raise GraphError(f"node name {name!r} cannot be stored; use letters, digits, '.', '_'")
    for edge in edges:
        for end in edge:
            if end not in nodes:
                raise GraphError(f"edge {edge} leads to '{end}', which is no node of the graph")
    if len(set(edges)) < len(edges):
        twice = next(edge for edge in edges if edges.count(edge) > 1)
        raise GraphError(f"edge {twice} stands twice; double the weights instead")
    sources, targets = {a for a, _ in edges}, {b for _, b in edges}
    for name in sorted(targets):
        if isinstance(nodes[name], nir.Input):
            raise GraphError(
                f"node '{name}' is an input, yet an edge leads into it; remove that edge"
            )
    for name, node in nodes.items():
        kind = type(node).__name__
        if isinstance(node, nir.Input) and name not in sources:
            raise GraphError(f"input '{name}' leads nowhere; connect it, or remove it")
        # Neurons may run by their leak alone.
        fed = isinstance(node, nir.Input) or primitives.neuron_for(node) is not None
        if name not in targets and not fed:
            raise GraphError(f"node '{name}' ({kind}) gets nothing; connect it, or remove it")


def successors(graph: nir.NIRGraph) -> dict[str, list[str]]:
    """Returns where each node's edges lead, in the order of the edges."""
    follow: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        follow[source].append(target)
    return follow


def predecessors(graph: nir.NIRGraph) -> dict[str, list[str]]:
    """Returns where each node's edges come from, in the order of the edges."""
    before: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        before[target].append(source)
    return before


def directed(graph: nir.NIRGraph, among: Container[str] | None = None) -> nx.DiGraph:
    """The graph's nodes and edges for networkx; `among`: these nodes alone, and what joins them.

    In the order of the graph, which networkx's own subgraph does not keep: it may list nodes as a
    set of strings does, so otherwise in each process.
    """
    kept = graph.nodes if among is None else [name for name in graph.nodes if name in among]
    found = nx.DiGraph()
    found.add_nodes_from(kept)
    found.add_edges_from((a, b) for a, b in graph.edges if a in found and b in found)
    return found


def unused_name(name: str, taken: Iterable[str]) -> str:
    """`name`, with '_' appended until nothing is called so."""
    names = set(taken)
    while name in names:
        name += "_"
    return name


def contracted(edges: Iterable[Edge], name: str) -> list[Edge] | None:
    """The edges without a node that only passes on what it gets.

    None where two ways between the same nodes would become one edge, which would lose a summand.
    """
    rest = [edge for edge in edges if name not in edge]
    into = [a for a, b in edges if b == name and a != name]
    out = [b for a, b in edges if a == name and b != name]
    joined = [(a, b) for a in into for b in out]
    if (name, name) in set(edges) or set(joined) & set(rest):
        return None
    return rest + joined
