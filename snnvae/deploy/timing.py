"""Hardware time: in which hardware step stock processes compute a logical step of each layer.

A Lava (or Loihi) synapse delivers one step late, so a layer at depth l computes logical step t at
hardware step t + l. Layers of a loop that is too short for that run inside one process of ours and
share a depth. Resetting each layer at its own depth makes the result the synchronous one, shifted,
and lets samples follow without a gap. Where branches of different length meet, the shorter one
waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from snnvae.deploy.latency import DELAYED_STEPS, SYNAPSE_STEPS, needed_steps
from snnvae.errors import UnsupportedError
from snnvae.program import Connection, Program

MAX_WAIT = 62
"""Largest delay of a synapse, in steps beyond its own: Loihi 2 has 6 bits for both."""


@dataclass(frozen=True)
class Schedule:
    """Depth of each layer, and how long what connections carry must wait on the way.

    waits, by connection: steps beyond the synapse's own; for one into a loop's process, steps in
    its inbox; for a delayed one, steps on the way to the relay that ends it.
    """

    depths: Mapping[str, int]
    waits: Mapping[str, int]

    @property
    def latency(self) -> int:
        """Hardware steps by which the deepest layer lags."""
        return max(self.depths.values(), default=0)


def schedule(program: Program, host_steps: int = 0) -> Schedule:
    """The least depths at which every connection has the hardware steps that it needs.

    host_steps: steps that currents of the host take to reach a layer: on a chip they are graded
    spikes, which pass a synapse. UnsupportedError where a wait exceeds what a synapse can hold.
    """
    unit = _units(program)
    graph = nx.DiGraph()
    for layer in program.layers:
        graph.add_edge("", unit[layer.name], weight=0)
    for c in program.connections:
        source = unit.get(c.source)
        if source is None:
            steps = host_steps if c.on_host else SYNAPSE_STEPS
            _require(graph, "", unit[c.target], 0 if _into_loop(program, c) else steps)
        elif source != unit[c.target]:
            _require(graph, source, unit[c.target], _needed(program, c) - _carried(program, c))
    shortest = nx.single_source_bellman_ford_path_length(graph, "") if unit else {}
    depths = {name: int(-shortest[group]) for name, group in unit.items()}
    waits = {}
    for c in program.connections:
        source = unit.get(c.source)
        if source is None or c.source in (program.group_of(c.target) or ()):
            continue
        spare = depths[c.target] - depths[c.source] + _carried(program, c) - _needed(program, c)
        if spare > MAX_WAIT and not _into_loop(program, c):
            raise UnsupportedError(
                f"'{c.source}' → '{c.target}' would have to wait {spare} steps, a synapse holds "
                f"{MAX_WAIT}; shorten its delay or the branch beside it, or use `mode` batched"
            )
        waits[c.name] = spare
    return Schedule(depths, waits)


def units(program: Program) -> list[tuple[str, ...]]:
    """Loops that are one process, and single layers, in the order of the program."""
    seen: set[str] = set()
    found: list[tuple[str, ...]] = []
    for layer in program.layers:
        if layer.name not in seen:
            group = program.group_of(layer.name) or (layer.name,)
            seen.update(group)
            found.append(group)
    return found


def _units(program: Program) -> dict[str, str]:
    """Layer → the first layer of its unit."""
    return {name: group[0] for group in units(program) for name in group}


def _into_loop(program: Program, c: Connection) -> bool:
    """Tells whether a connection ends in a loop's process, which delays what it gets itself."""
    return program.group_of(c.target) is not None


def _needed(program: Program, c: Connection) -> int:
    return 0 if _into_loop(program, c) else needed_steps(c)


def _carried(program: Program, c: Connection) -> int:
    """Logical steps of delay that stock processes must give."""
    return 0 if _into_loop(program, c) else c.delay


def _require(graph: nx.DiGraph, source: str, target: str, steps: int) -> None:
    """depth(target) ≥ depth(source) + steps, as an edge of length −steps."""
    known = graph.get_edge_data(source, target, {"weight": 0 if source == "" else -steps})
    graph.add_edge(source, target, weight=min(-steps, known["weight"]))


def check_stock(program: Program) -> None:
    """UnsupportedError, naming the layer, where no stock process does what a layer does."""
    for layer in program.layers:
        if program.group_of(layer.name) is None:
            try:
                layer.neuron.lava(layer.shape, program.steps, 0)
            except UnsupportedError as error:
                raise UnsupportedError(f"layer '{layer.name}' {error}") from None
    for c in program.connections:
        if program.carries_membranes(c) and c.source not in (program.group_of(c.target) or ()):
            added = program.layer(c.source).added_by_compiler
            what = f"the sum '{c.source}'" if added else f"layer '{c.source}'"
            raise UnsupportedError(
                f"{what} sends its membrane to '{c.target}', which no stock Lava process does"
            )


__all__ = ["DELAYED_STEPS", "MAX_WAIT", "Schedule", "check_stock", "schedule", "units"]
