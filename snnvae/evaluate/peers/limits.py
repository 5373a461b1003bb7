"""The limits of the interpreters that run NIR graphs, found before they do something else."""

from __future__ import annotations

import networkx as nx
import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.graph import predecessors
from snnvae.deploy.settings import Settings
from snnvae.errors import UnsupportedError

Node = tuple[str, ...]
"""A node's name, those of the graphs around it first."""


def populations(graph: nir.NIRGraph, around: Node = ()) -> dict[str, Node]:
    """Returns every neuron node, nested ones included, by its name in a recording."""
    found: dict[str, Node] = {}
    for name, node in graph.nodes.items():
        path = (*around, name)
        if isinstance(node, nir.NIRGraph):
            found |= populations(node, path)
        elif primitives.neuron_for(node):
            found[".".join(path)] = path
    return found


def need_one_input(graph: nir.NIRGraph) -> str:
    """The graph's only input; UnsupportedError where there are several."""
    names = [name for name, node in graph.nodes.items() if isinstance(node, nir.Input)]
    if len(names) != 1:
        raise UnsupportedError(f"takes one input, and the graph has {len(names)}: {sorted(names)}")
    return names[0]


def need_different_names(graph: nir.NIRGraph) -> None:
    """Both write '_' for '.'; UnsupportedError where two nodes would be called the same."""
    seen: dict[str, str] = {}
    for name in graph.nodes:
        other = seen.setdefault(name.replace(".", "_"), name)
        if other != name:
            raise UnsupportedError(f"takes '{other}' and '{name}' for the same node")


def need_simple_loops(graph: nir.NIRGraph, settings: Settings, prefix: str = "") -> None:
    """UnsupportedError for loops in which they put a step elsewhere than NIR's readers do.

    They put one step into each loop, where it comes back to a neuron that also has other inputs,
    and send nothing along it in the first step, not even a bias.
    """
    into = predecessors(graph)
    for loop in nx.strongly_connected_components(nx.DiGraph(graph.edges)):
        names = sorted(prefix + name for name in loop)
        nodes = {name: graph.nodes[name] for name in loop}
        neurons = [name for name, node in nodes.items() if primitives.neuron_for(node)]
        if len(loop) == 1 and (names[0][len(prefix) :],) * 2 not in graph.edges:
            continue
        if any(isinstance(node, nir.Delay) for node in nodes.values()):
            raise UnsupportedError(f"adds a step to a loop that has its Delay already: {names}")
        if any(isinstance(node, nir.NIRGraph) for node in nodes.values()) or len(neurons) != 1:
            raise UnsupportedError(f"chooses by itself where this loop carries its step: {names}")
        if not set(into[neurons[0]]) - loop or any(
            len(into[name]) > 1 for name in loop if name != neurons[0]
        ):
            raise UnsupportedError(f"needs a loop whose sum is at its neuron alone: {names}")
        if settings.loop_bias != "delayed" and any(_biased(node) for node in nodes.values()):
            raise UnsupportedError(
                f"starts the bias in a loop one step late, the file at once: {names}"
            )
    if settings.delay_edges:
        raise UnsupportedError("knows no `delay_edges`")
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            need_simple_loops(node, settings, f"{prefix}{name}.")


def _biased(node: nir.NIRNode) -> bool:
    return bool(np.any(getattr(node, "bias", 0)))
