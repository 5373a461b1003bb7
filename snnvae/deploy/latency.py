"""Loops and hardware: a Lava or Loihi synapse takes one step, so a loop may need more than NIR has.

Let layer l compute logical step t in hardware step t + depth(l). A spike that a connection delivers
d logical steps later has

    depth(target) − depth(source) + d        hardware steps to get there,

and needs one (two where d ≥ 1: a relay must keep it out of the next sample). Around a loop the
depths cancel: it fits if its delays are no fewer than what its connections need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx

from snnvae.deploy.loops import step_order
from snnvae.program import Connection

SYNAPSE_STEPS = 1
DELAYED_STEPS = 2
"""Hardware steps of a connection, and of one that is delayed and so passes through a relay."""


@dataclass(frozen=True)
class Loop:
    """A cycle of layers whose delays (logical steps) are fewer than hardware needs."""

    layers: tuple[str, ...]
    steps: int
    needed: int


def needed_steps(connection: Connection) -> int:
    """Hardware steps that a connection between stock processes takes."""
    return DELAYED_STEPS if connection.delay else SYNAPSE_STEPS


def short_loops(
    order: Sequence[str], connections: Iterable[Connection]
) -> tuple[tuple[str, ...], ...]:
    """Strongly connected layers that hold a loop shorter than hardware allows, in step order."""
    inner = _between(order, connections)
    groups = [set(c) for c in nx.strongly_connected_components(_slack(order, inner))]
    short = [g for g in groups if _shortest(_slack(g, inner)) is not None]
    return tuple(tuple(name for name in order if name in group) for group in short)


def shortest_loop(group: Sequence[str], connections: Iterable[Connection]) -> Loop:
    """A loop of a group that is too short for hardware, as an example."""
    inner = [c for c in connections if c.source in group and c.target in group]
    cycle = _shortest(_slack(group, inner))
    assert cycle is not None, "the group was found to hold one"
    steps = needed = 0
    for a, b in pairwise(cycle):
        c = min(
            (c for c in inner if (c.source, c.target) == (a, b)),
            key=lambda c: c.delay - needed_steps(c),
        )
        steps, needed = steps + c.delay, needed + needed_steps(c)
    return Loop(tuple(cycle[:-1]), steps, needed)


def accept_latency(
    layers: Sequence[str], connections: tuple[Connection, ...]
) -> tuple[Connection, ...]:
    """The connections with the delays of loops lengthened to what hardware takes for them.

    Within a logical step a loop's layers keep their order; only the connections that carry its past
    get longer.
    """
    inner = _between(layers, connections)
    immediate = [(c.source, c.target) for c in inner if not c.delay]
    order = step_order(layers, immediate)
    longer: dict[str, int] = {}
    for group in short_loops(order, connections):
        own = [c for c in inner if c.source in group and c.target in group]
        depth: dict[str, int] = {}
        for name in group:
            before = [depth[c.source] + 1 for c in own if c.target == name and not c.delay]
            depth[name] = max(before, default=0)
        for c in own:
            if c.delay:
                longer[c.name] = max(c.delay, DELAYED_STEPS + depth[c.source] - depth[c.target])
    return tuple(replace(c, delay=longer.get(c.name, c.delay)) for c in connections)


def _between(layers: Sequence[str], connections: Iterable[Connection]) -> list[Connection]:
    known = set(layers)
    return [c for c in connections if c.source in known]


def _slack(layers: Iterable[str], connections: Iterable[Connection]) -> nx.DiGraph:
    """Layers joined by the hardware steps that a connection has to spare: delay − needed."""
    graph = nx.DiGraph()
    graph.add_nodes_from(layers)
    for c in connections:
        if c.source not in graph or c.target not in graph:
            continue
        spare = c.delay - needed_steps(c)
        known = graph.get_edge_data(c.source, c.target)
        graph.add_edge(c.source, c.target, weight=min(spare, known["weight"] if known else spare))
    return graph


def _shortest(graph: nx.DiGraph) -> list[str] | None:
    """A cycle with less than no step to spare, its first layer again at the end; None if none."""
    for name in graph:
        if graph.has_edge(name, name) and graph.edges[name, name]["weight"] < 0:
            return [name, name]
    start = next(iter(graph), None)
    if start is None or len(graph) < 2 or not nx.negative_edge_cycle(graph):
        return None
    cycle: list[str] = nx.find_negative_cycle(graph, start)
    return cycle
