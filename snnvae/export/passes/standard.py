"""Lower our own nodes to NIR's primitives, for tools that do not know them.

NIR has neither a transposed convolution nor a way from a flat vector back to a map. So from the
first such node on, everything becomes flat: weights turn into Affines over all positions, neurons
keep their parameters as vectors, and the output is a vector (its shape stays in the metadata).
Nested graphs become part of the outer one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from math import prod

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import build_graph, predecessors, successors, unused_name
from snnvae.deploy.passes import flatten_graphs
from snnvae.deploy.settings import METADATA_KEY, as_python
from snnvae.errors import UnsupportedError
from snnvae.export.builder import GraphBuilder
from snnvae.primitives.nir_nodes import ConvTranspose2d, Reshape, SparseAffine

MAX_BYTES = 1 << 30
OWN_NODES = (ConvTranspose2d, Reshape, SparseAffine)


def lower_to_standard(graph: nir.NIRGraph) -> nir.NIRGraph:
    """The same network in plain NIR; UnsupportedError where it would need over 1 GiB."""
    graph = flatten_graphs(build_graph(graph.nodes, graph.edges, graph.metadata))
    flat = _downstream(graph)
    if not flat:
        return graph
    _check_size(graph, flat)
    builder = GraphBuilder()
    into = predecessors(graph)
    for name, node in graph.nodes.items():
        builder.add(name, _flat(name, node) if name in flat else node)
    bridges: dict[str, str] = {}
    for name in graph.nodes:
        for source in into[name]:
            if name in flat and source not in flat:
                shape = graph.nodes[source].output_type["output"]
                if source not in bridges:
                    bridge = unused_name(f"{source}.flat", builder.nodes)
                    flatten = nir.Flatten({"input": shape}, 0, -1)
                    bridges[source] = builder.add(bridge, flatten, source)
                builder.connect(bridges[source], name)
            else:
                builder.connect(source, name)
    return builder.build(_with_shapes(graph, flat))


def _downstream(graph: nir.NIRGraph) -> set[str]:
    """Returns every node that one of ours reaches, itself included."""
    follow = successors(graph)
    queue = deque(n for n, node in graph.nodes.items() if isinstance(node, OWN_NODES))
    reached: set[str] = set(queue)
    while queue:
        for name in follow[queue.popleft()]:
            if name not in reached:
                reached.add(name)
                queue.append(name)
    return reached


def _size(node: nir.NIRNode) -> int:
    """Bytes of the dense weights that a weight node becomes."""
    if primitives.synapse_for(node) is None or isinstance(node, nir.Scale):
        return 0
    n_in, n_out = prod(node.input_type["input"]), prod(node.output_type["output"])
    return int(_dtype(node).itemsize) * int(n_in) * int(n_out)


def _check_size(graph: nir.NIRGraph, flat: set[str]) -> None:
    sizes = {name: _size(graph.nodes[name]) for name in flat}
    if (total := sum(sizes.values())) > MAX_BYTES:
        largest = max(sizes, key=sizes.__getitem__)
        raise UnsupportedError(
            f"`standard` would write {total / 2**30:.1f} GiB of Affine weights "
            f"({sizes[largest] / 2**30:.1f} GiB for '{largest}'), over the limit of 1 GiB; "
            "export without `standard` and read the file with snnvae"
        )


def _flat(name: str, node: nir.NIRNode) -> nir.NIRNode:
    if isinstance(node, nir.Output):
        return nir.Output({"output": np.array([prod(node.output_type["output"])])})
    if isinstance(node, primitives.RESHAPES):
        size = np.array([prod(node.input_type["input"])])
        return nir.Flatten({"input": size}, 0, -1)
    if primitives.neuron_for(node) or isinstance(node, (nir.Delay, nir.Scale)):
        every = {f.name for f in fields(nir.NIRNode)}
        names = [f.name for f in fields(node) if f.name not in every]
        return type(node)(**{name: getattr(node, name).reshape(-1) for name in names})
    kind = primitives.synapse_for(node)
    if kind is None:
        raise UnsupportedError(f"node '{name}' ({type(node).__name__}) has no flat form")
    synapse, bias = kind.from_nir(node, tuple(int(n) for n in node.input_type["input"]))
    weight = synapse.matrix().toarray().astype(_dtype(node))
    if bias is None:
        return nir.Linear(weight)
    return nir.Affine(weight, bias.reshape(-1).astype(node.bias.dtype))


def _dtype(node: nir.NIRNode) -> np.dtype:
    """Returns the dtype of the node's weights; float64 for a pool, which has none."""
    return np.asarray(getattr(node, "weight", np.zeros(0, np.float64))).dtype


def _with_shapes(graph: nir.NIRGraph, flat: set[str]) -> dict[str, object]:
    """The metadata, with the shapes that the flattened outputs had."""
    metadata = dict(graph.metadata)
    own = dict(as_python(metadata.get(METADATA_KEY, {})))
    readouts = {name: dict(rule) for name, rule in own.get("readouts", {}).items()}
    for name, node in graph.nodes.items():
        if isinstance(node, nir.Output) and name in flat:
            readouts.setdefault(name, {}).setdefault("shape", np.array(node.output_type["output"]))
    own["readouts"] = readouts
    metadata[METADATA_KEY] = own
    return metadata
