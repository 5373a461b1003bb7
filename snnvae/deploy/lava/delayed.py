"""Delays of the graph in stock mode: late spikes that do not reach the next sample.

Samples follow one another without a gap, so the last spikes of one would arrive, d steps late, in
the first steps of the next. A relay, one neuron for each source, ends the way of a delayed
connection: it repeats what it gets, but for the first d steps of a sample, where a gate inhibits
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.proc.io import source
from lava.proc.lif.process import LIFReset

from snnvae.deploy.lava.stock_graph import StockGraph
from snnvae.deploy.lava.synapses import synapse_process
from snnvae.primitives import Linear, OneToOne, fixed_point
from snnvae.program import Connection

_PASS, _GATE = 2, -8
"""Weights of the source's spike and of the gate's; a relay fires above 1."""


@dataclass(frozen=True)
class Delayed:
    """The relay and what leads to it."""

    relay: Any
    gate: Any


def delayed_spikes(
    graph: StockGraph, connection: Connection, spikes: OutPort, wait: int
) -> Delayed:
    """A relay that gives the spikes `connection.delay` logical steps late, one step before use."""
    program, timetable = graph.program, graph.timetable
    size = int(np.prod(program.shape_of(connection.source)))
    fixed = program.precision == "fixed"
    whole = fixed_point.DECAY_MAX if fixed else 1
    relay = LIFReset(
        shape=(size,),
        du=whole,
        dv=whole,
        vth=1,
        reset_interval=1,
        reset_offset=0,
        name=f"relay of {connection.name}",
    )
    dtype = np.int64 if fixed else np.float64
    ways = OneToOne((size,), (size,), np.full(size, _PASS, dtype))
    late = synapse_process(ways, program.precision, wait=wait, name=f"late {connection.name}")
    spikes.connect(late.s_in)
    late.a_out.connect(relay.a_in)
    closing = Linear((1,), (size,), np.full((size, 1), _GATE, dtype))
    gate = synapse_process(closing, program.precision, wait=0, name=f"gate of {connection.name}")
    # The relay works one step before the target; the gate's synapse takes one more.
    first = timetable.depths[connection.target] - 2
    row = np.zeros((1, timetable.total))
    starts = np.arange(timetable.samples) * timetable.steps
    closed = first + starts[:, None] + np.arange(min(connection.delay, timetable.steps))
    row[0, closed[(closed >= 0) & (closed < timetable.total)]] = 1
    gates = source.RingBuffer(data=row)
    graph.adapters.to_chip(gates.s_out).connect(gate.s_in)
    gate.a_out.connect(relay.a_in)
    return Delayed(relay, gate)
