"""Hardware time: in how many steps a logical step reaches each layer through stock processes.

A Lava (or Loihi) synapse delivers one step late, so a layer at depth l computes logical step t at
hardware step t + l. Layers of a loop run inside one process of ours and share a depth. Resetting
each layer at its own depth makes the result the synchronous one, shifted, and lets samples follow
without a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from snnvae.errors import UnsupportedError
from snnvae.program import Program


def units(program: Program) -> list[tuple[str, ...]]:
    """Loops and single layers, each after all that feeds it, delayed connections included."""
    position = {layer.name: i for i, layer in enumerate(program.layers)}
    graph = nx.DiGraph()
    graph.add_nodes_from(position)
    graph.add_edges_from((c.source, c.target) for c in program.connections if c.source in position)
    condensed = nx.condensation(graph)
    members = {
        node: tuple(sorted(names, key=position.__getitem__))
        for node, names in condensed.nodes(data="members")
    }
    order = nx.lexicographical_topological_sort(condensed, key=lambda n: position[members[n][0]])
    return [members[node] for node in order]


def depths(program: Program) -> Mapping[str, int]:
    """Hardware depth of each layer: 0 where host currents enter, +1 per synapse outside a loop.

    UnsupportedError where branches of different depth meet, or a delay lies outside a loop: stock
    processes would mix the steps (and samples) of the branches.
    """
    found: dict[str, int] = {}
    for group in units(program):
        fused = program.group_of(group[0]) is not None
        arrivals: dict[str, int] = {}
        for c in program.connections:
            if c.target not in group or c.source in group:
                continue
            if c.delay:
                raise UnsupportedError(
                    f"the delay between '{c.source}' and '{c.target}' lies outside a loop, where a "
                    "stock process would carry it into the next sample; use --mode batched"
                )
            if c.source in found:
                arrivals[c.source] = found[c.source] + (0 if fused else 1)
        if len(set(arrivals.values())) > 1:
            paths = ", ".join(f"'{name}' after {depth}" for name, depth in arrivals.items())
            raise UnsupportedError(
                f"branches of different depth meet at '{group[0]}' ({paths} hardware steps); "
                "stock processes would mix their steps; use --mode batched"
            )
        streamed = [c for c in program.connections if c.target in group and c.source not in found]
        lead = 0 if fused or all(c.on_host for c in streamed) else 1
        depth = next(iter(arrivals.values()), lead)
        found.update(dict.fromkeys(group, depth))
    return found


def latency(program: Program) -> int:
    """Hardware steps by which the deepest layer lags."""
    return max(depths(program).values(), default=0)


def check_stock(program: Program) -> None:
    """UnsupportedError, naming the layer, where a stock process lacks a layer's dynamics."""
    for layer in program.layers:
        if program.group_of(layer.name) is None:
            try:
                layer.neuron.lava(layer.shape, program.steps, 0)
            except UnsupportedError as error:
                raise UnsupportedError(f"layer '{layer.name}' {error}") from None
