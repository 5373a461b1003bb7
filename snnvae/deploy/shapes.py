"""The shape of every node of a graph, from its inputs and the nodes that state one themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import nir
import numpy as np

from snnvae import primitives
from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.plain_text import words_of
from snnvae.primitive import MAX_VALUES, Shape

MAX_OUTER = 2
"""Axes that a file may put in front of a sample's: batch and time."""


def node_shape(types: Mapping[str, Any] | None) -> Shape | None:
    """The one shape in a node's input_type or output_type; None if it is not known."""
    if not types or len(types) != 1:
        return None
    shape = next(iter(types.values()))
    if shape is None:
        return None
    sizes = np.atleast_1d(shape)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iuf" or (sizes != np.trunc(sizes)).any():
        raise GraphError(f"has a shape {str(shape)[:40]!r} that is not of whole numbers")
    if (sizes < 1).any():
        raise GraphError(f"has a shape {sizes.tolist()} of no use; export the file again")
    if prod(map(int, sizes)) > MAX_VALUES:
        raise GraphError(
            f"has a shape {sizes.tolist()}, over the {MAX_VALUES:,} values of the largest network "
            "that is read; export the file again, or split it"
        )
    return tuple(int(n) for n in sizes)


def out_shape(node: nir.NIRNode) -> Shape:
    """The output shape of a node of a built graph."""
    return _known(node, node_shape(node.output_type))


def in_shape(node: nir.NIRNode) -> Shape:
    """The input shape of a node of a built graph."""
    return _known(node, node_shape(node.input_type))


def _known(node: nir.NIRNode, shape: Shape | None) -> Shape:
    if shape is None:
        raise GraphError(f"a {type(node).__name__} has no shape; build_graph works them out")
    return shape


def resolve_shapes(nodes: Mapping[str, nir.NIRNode], edges: Sequence[tuple[str, str]]) -> None:
    """Write each node's input_type and output_type, and input_shape where it has one.

    Inputs, neurons and other nodes with a parameter per value state their shape; all others follow
    from what comes in. So do neurons with one value for all, as some tools write them: they get it
    as many times as values come in. Axes of size 1 in front of inputs, outputs and neurons, of
    batch and time, are dropped where what they connect to has none. GraphError names an edge whose
    ends differ, or a node that nothing defines.
    """
    before, after = _neighbours(nodes, edges)
    stated = _of_samples(_stated_shapes(nodes), nodes, before, after)
    pending = {name: shape for name, shape in stated.items() if _may_shrink(nodes[name], shape)}
    shapes: dict[str, tuple[Shape, Shape]] = {}

    def know(*names: str) -> None:
        """Adds the shapes that nodes state, and those of all that they lead to; what such a one
        states itself gives way where it stands for what it is given."""
        shapes.update((name, (stated[name], stated[name])) for name in names)
        ready = [reader for name in names for reader in after[name]]
        while ready:
            name = ready.pop()
            if name in shapes:
                continue
            source = next(a for a in before[name] if a in shapes)
            given = shapes[source][1]
            if name in pending:
                fits = prod(pending[name]) == 1 or _is_of_a_sample(pending[name], given)
                given = given if fits else pending[name]
            shapes[name] = given, _through(name, nodes[name], given, nodes[source])
            ready += after[name]

    know(*(name for name in stated if name not in pending))
    for name in sorted(pending, key=lambda name: prod(pending[name]) == 1):
        if name not in shapes and pending[name]:
            know(name)
    for name, node in nodes.items():
        if name not in shapes:
            raise GraphError(
                f"node '{name}' ({type(node).__name__}) has no shape that an input or a neuron "
                "defines; state its input shape"
            )
    for a, b in edges:
        if shapes[a][1] != shapes[b][0]:
            raise GraphError(
                f"node '{b}' ({type(nodes[b]).__name__}) has shape {shapes[b][0]}, but '{a}' gives "
                f"it {shapes[a][1]}; {_remedy(nodes[a], shapes[a][1], shapes[b][0])}"
            )
    total = sum(prod(out) for _, out in shapes.values())
    if total > MAX_VALUES:
        largest = max(shapes, key=lambda name: prod(shapes[name][1]))
        raise GraphError(
            f"its nodes give {total:,} values, over the {MAX_VALUES:,} of the largest network that "
            f"is read, '{largest}' {shapes[largest][1]}; export the file again, or split it"
        )
    for name, node in nodes.items():
        _write(node, *shapes[name])


def _neighbours(
    nodes: Mapping[str, nir.NIRNode], edges: Sequence[tuple[str, str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By node: those whose edges lead to it, and those to which its own lead."""
    before: dict[str, list[str]] = {name: [] for name in nodes}
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    return before, after


def _stated(node: nir.NIRNode) -> Shape | None:
    """The shape of a node that is equal on both sides and stated by itself."""
    if isinstance(node, nir.Input):
        shape = node_shape(node.input_type)
        if shape is None:
            raise GraphError("has no shape; export the file again")
        return shape or (1,)
    return node_shape(node.output_type) if _is_elementwise(node) else None


def _stated_shapes(nodes: Mapping[str, nir.NIRNode]) -> dict[str, Shape]:
    """The shapes of all nodes that state one."""
    found = {}
    for name, node in nodes.items():
        try:
            stated = _stated(node)
        except GraphError as error:
            raise GraphError(f"node '{name}' ({type(node).__name__}) {error}") from None
        if stated is not None:
            found[name] = stated
    return found


def _of_samples(
    stated: Mapping[str, Shape],
    nodes: Mapping[str, nir.NIRNode],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
) -> dict[str, Shape]:
    """The shapes without the axes of size 1 in front that all readers of a node do without: of
    batch and time, which some exporters write."""
    found = dict(stated)
    ready = list(stated)
    while ready:
        name = ready.pop()
        ranks = {
            _rank(nodes[reader], found.get(reader))
            for reader in after[name]
            if not isinstance(nodes[reader], nir.Output)  # which take either
        }
        rank = ranks.pop() if len(ranks) == 1 else None
        more = 0 if rank is None else len(found[name]) - rank
        if 0 < more <= MAX_OUTER and found[name][:more] == (1,) * more:
            found[name] = found[name][more:]
            ready += [source for source in before[name] if source in stated]
    return found


def _rank(node: nir.NIRNode, stated: Shape | None) -> int | None:
    """How many axes a node's input has; None if that is not its own to say."""
    if isinstance(node, (nir.Linear, nir.Affine)):
        return int(node.weight.ndim) - 1
    if isinstance(node, nir.Conv1d):
        return 2
    if isinstance(node, (nir.Conv2d, nir.SumPool2d, nir.AvgPool2d, primitives.NirConvTranspose2d)):
        return 3
    return None if stated is None or _has_one_value(node, stated) else len(stated)


def _is_elementwise(node: nir.NIRNode) -> bool:
    return primitives.neuron_for(node) is not None or isinstance(node, (nir.Delay, nir.Scale))


def _has_one_value(node: nir.NIRNode, stated: Shape) -> bool:
    """Tells whether the node's parameters may stand for a layer of any size."""
    return prod(stated) == 1 and not isinstance(node, (nir.Input, primitives.NirRelay))


def _may_shrink(node: nir.NIRNode, stated: Shape) -> bool:
    """Tells whether what comes in may say that the node's own shape holds axes of no use."""
    own = isinstance(node, (nir.Input, primitives.NirRelay))
    return not own and (_has_one_value(node, stated) or stated[0] == 1)


def _remedy(source: nir.NIRNode, given: Shape, wanted: Shape) -> str:
    """What to do where a node gives another shape than the next one wants."""
    more, shorter = (given, wanted) if len(given) > len(wanted) else (wanted, given)
    if len(more) > len(shorter) and more == (1,) * (len(more) - len(shorter)) + shorter:
        return f"leave out the axes of batch and time in front of {more}"
    if isinstance(source, nir.Flatten):
        return (
            f"that Flatten joins axes {int(source.start_dim)} to {int(source.end_dim)}, counted "
            "without a batch axis; let it join all of them"
        )
    if isinstance(source, nir.Input) and len(given) > len(wanted):
        return "state the shape of one sample, without batch and time axis, or add a Flatten"
    return "add a Flatten" if prod(given) == prod(wanted) else "mend the shapes"


def _through(name: str, node: nir.NIRNode, given: Shape, source: nir.NIRNode) -> Shape:
    """The output shape of a node for an input shape, which `source` gives."""
    try:
        if isinstance(node, nir.Output):
            declared = node_shape(node.output_type)
            if declared is not None and not _is_of_a_sample(declared, given):
                remedy = _remedy(source, given, declared)
                raise GraphError(f"has shape {declared}, but is given {given}; {remedy}")
            return given
        if _is_elementwise(node):
            return given
        if isinstance(node, primitives.RESHAPES):
            return flattened(given, node)
        if isinstance(node, nir.NIRGraph):
            return _of_subgraph(node, given)
        kind = primitives.synapse_for(node)
        if kind is None:
            raise UnsupportedError("is not supported; write it with the nodes of NIR")
        try:
            return kind.from_nir(node, given)[0].out_shape
        except GraphError as error:
            wanted = _wanted(node)
            if wanted is None or given == wanted:
                raise
            raise GraphError(f"{error}; {_remedy(source, given, wanted)}") from None
    except SnnvaeError as error:
        raise type(error)(f"node '{name}' ({type(node).__name__}) {error}") from None
    except (TypeError, ValueError, OverflowError) as error:  # whatever a damaged file may hold
        raise GraphError(
            f"node '{name}' ({type(node).__name__}) is malformed ({words_of(error)}); export the "
            "file again"
        ) from None


def _is_of_a_sample(declared: Shape, given: Shape) -> bool:
    """Tells whether an output's shape is what it is given, but for axes of size 1 in front."""
    more = len(declared) - len(given)
    if declared == () and prod(given) == 1:
        return True
    return 0 <= more <= MAX_OUTER and declared == (1,) * more + given


def _wanted(node: nir.NIRNode) -> Shape | None:
    """The input shape that a Linear's or Affine's weight asks for."""
    if not isinstance(node, (nir.Linear, nir.Affine)) or node.weight.ndim < 2:
        return None
    return (*node.weight.shape[:-2], node.weight.shape[-1])


def _of_subgraph(node: nir.NIRGraph, given: Shape) -> Shape:
    inputs = [n for n in node.nodes.values() if isinstance(n, nir.Input)]
    outputs = [n for n in node.nodes.values() if isinstance(n, nir.Output)]
    if len(inputs) != 1 or len(outputs) != 1:
        raise UnsupportedError(
            f"has {len(inputs)} inputs and {len(outputs)} outputs, and NIR's edges cannot say "
            "which is meant; write its nodes into the outer graph"
        )
    if in_shape(inputs[0]) != given:
        raise GraphError(f"takes {in_shape(inputs[0])}, but is given {given}; mend the shapes")
    return out_shape(outputs[0])


def flattened(shape: Shape, node: nir.NIRNode) -> Shape:
    """Axes start_dim … end_dim of a Flatten joined, counted without a batch axis; or a Reshape."""
    if isinstance(node, primitives.NirReshape):
        before, after = (whole_shape(s) for s in (node.input_shape, node.output_shape))
        if before != shape or prod(before) != prod(after) or min(after, default=0) < 1:
            raise GraphError(f"makes {after} of {before}, but is given {shape}; mend the shapes")
        return after
    rank = len(shape)
    first, last = int(node.start_dim), int(node.end_dim)
    first, last = first + rank * (first < 0), last + rank * (last < 0)
    if not 0 <= first <= last < rank:
        raise GraphError(f"joins axes {node.start_dim}…{node.end_dim} of an input {shape}")
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def whole_shape(shape: Any) -> Shape:
    """A stored shape as a tuple of whole numbers."""
    return tuple(int(n) for n in np.atleast_1d(shape))


def _write(node: nir.NIRNode, given: Shape, gives: Shape) -> None:
    if isinstance(node, nir.NIRGraph):
        return  # its types bear the names of its own ports
    if _is_elementwise(node) and node_shape(node.output_type) != gives:
        _reshape_parameters(node, gives)
    node.input_type, node.output_type = {"input": np.array(given)}, {"output": np.array(gives)}
    if isinstance(node, nir.Conv1d):
        node.input_shape = given[1]
    elif isinstance(node, nir.Conv2d):
        node.input_shape = given[1:]


def _reshape_parameters(node: nir.NIRNode, shape: Shape) -> None:
    """Makes each single value of a node an array of `shape`, and drops axes in front of others."""
    for name, value in list(vars(node).items()):
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            continue
        if array.size == 1:
            setattr(node, name, np.broadcast_to(array.reshape(()), shape).copy())
        elif _is_of_a_sample(array.shape, shape):
            setattr(node, name, array.reshape(shape))
