"""NIRTorch's interpreter as a peer: its wiring, of modules that are NIR's equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from keyword import iskeyword
from typing import Any

import networkx as nx
import nir
import numpy as np

from snnvae.deploy.settings import Settings
from snnvae.errors import UnsupportedError
from snnvae.evaluate.peers.limits import (
    need_different_names,
    need_one_input,
    need_simple_loops,
    populations,
)
from snnvae.evaluate.peers.watch import Seen, Watch
from snnvae.plain_text import words_of
from snnvae.stimulus import Stimulus


def run(graph: nir.NIRGraph, settings: Settings, stimulus: Stimulus) -> Seen:
    """Runs all samples at once; UnsupportedError, with the reason, for a graph it cannot run."""
    import nirtorch
    import torch

    from snnvae.evaluate.peers.nodes import NODES, module_for

    port = need_one_input(graph)
    need_different_names(graph)
    need_simple_loops(graph, settings)
    make = partial(module_for, conventions=settings.conventions)
    try:
        net = nirtorch.nir_to_torch(
            _with_one_output(graph), dict.fromkeys(NODES, make), dtype=torch.float64
        )
        modules = {name: ".".join(map(_legal, path)) for name, path in populations(graph).items()}
        watch = Watch(net, modules, lambda state: state[0])
        stream = torch.as_tensor(np.swapaxes(stimulus.streams[port], 0, 1).astype(np.float64))
        state: Any = None
        with torch.no_grad():
            for row in stream:
                *_, state = net(row, state)
    except UnsupportedError:
        raise
    except Exception as error:  # whatever its generated code runs into
        reason = words_of(error, 120)
        raise UnsupportedError(f"fails on this graph ({type(error).__name__}: {reason})") from None
    return watch.seen(stimulus.steps)


def _with_one_output(graph: nir.NIRGraph) -> nir.NIRGraph:
    """Keeps one output: NIRTorch hangs on two, and adds none up;
    every node runs and is watched without them."""
    outputs = [name for name, node in graph.nodes.items() if isinstance(node, nir.Output)]
    first = next(edge for edge in graph.edges if edge[1] in outputs)
    kept = [edge for edge in graph.edges if edge[1] not in outputs or edge == first]
    nodes = {n: node for n, node in graph.nodes.items() if n not in outputs or n == first[1]}
    return _in_order(nodes, kept)


def _in_order(nodes: Mapping[str, nir.NIRNode], edges: Sequence[tuple[str, str]]) -> nir.NIRGraph:
    """Orders the nodes: NIRTorch fails where a nested graph stands before what feeds it."""
    parts = nx.condensation(nx.DiGraph(edges))
    order = [n for part in nx.topological_sort(parts) for n in sorted(parts.nodes[part]["members"])]
    placed = {}
    for name in order:
        node = nodes[name]
        nested = isinstance(node, nir.NIRGraph)
        placed[name] = _in_order(node.nodes, node.edges) if nested else node
    return nir.NIRGraph(placed, list(edges), type_check=False)


def _legal(name: str) -> str:
    """Returns the name by which NIRTorch calls the module of a node."""
    return f"nir_node_{name}" if iskeyword(name) else name.replace(".", "_")
