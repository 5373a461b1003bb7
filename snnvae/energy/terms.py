"""The terms of the bill: what is counted, and how many of each a layer spends per sample.

A profile puts a price on a term, says that another price covers it, or excludes it on both sides of
the comparison. What is left is unpriced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.energy.conventions import Counting, analog_macs, synaptic_operations
from snnvae.hardware_sim.counts import ConnectionCounts, Counts, LayerCounts

SNN_TERMS: Mapping[str, str] = {
    "sop": "add a weight to a membrane, per synaptic operation",
    "sop_weight": "read the weight, per synaptic operation",
    "sop_state": "read and write the membrane, per synaptic operation",
    "address_mul": "multiplications that find a kernel's targets, two per spike delivered",
    "address_add": "additions that find the targets, one per synaptic operation, two per spike",
    "mac": "multiply a graded spike by a weight and add it to a membrane",
    "update_driven": "update a neuron that was reached in that step",
    "update_idle": "update a neuron that was not",
    "update_state": "read and write a word that a neuron remembers, per neuron update",
    "neuron_mul": "multiplications of the neuron updates",
    "neuron_add": "additions and comparisons of the neuron updates",
    "bias": "add the bias, per neuron that has one and step",
    "spike": "send a spike, per spike emitted (an update that fires)",
    "message": "bring a spike to one core, per spike and core that it reaches",
    "hop_x": "carry a message one tile east or west",
    "hop_y": "carry a message one tile north or south",
    "host_mac": "multiply-accumulates of analog inputs",
    "host_add": "add biases and cached currents of analog inputs",
    "input_event": "bring a spike in from the host",
    "readout": "read a membrane out to the host, and its readout function there",
    "static": "static power over the time of a sample",
}

ANN_TERMS: Mapping[str, str] = {
    "mac": "multiply-accumulate",
    "add": "bias and activation, an addition each",
    "address": "additions that find weights and values",
    "weight": "read a weight",
    "activation": "read or write an activation",
}

SAMPLER_TERM = "sampler"
HOST_TERMS: Mapping[str, str] = {SAMPLER_TERM: "draw the latent spikes on the host"}
"""Work of the host that no profile prices."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "synaptic operations": ("sop", "mac", "address_mul", "address_add"),
    "synaptic memory": ("sop_weight", "sop_state"),
    "neuron updates": ("update_driven", "update_idle", "neuron_mul", "neuron_add", "bias"),
    "neuron memory": ("update_state",),
    "spikes": ("spike", "message", "hop_x", "hop_y", "input_event"),
    "analog input": ("host_mac", "host_add"),
    "readout and static": ("readout", "static"),
}
"""Terms that a plot shows as one."""

ROUTED = ("message", "hop_x", "hop_y")
"""Terms that only a placement on a chip can count."""

UNCOUNTED = frozenset({*ROUTED, "static"})
"""Terms that a recording alone cannot count, and that nothing on the ANN's side answers to."""

EVENT_TERMS = frozenset(
    {
        "sop",
        "sop_weight",
        "sop_state",
        "address_mul",
        "address_add",
        "spike",
        *ROUTED,
        "input_event",
    }
)
"""Terms in proportion to spikes; of a driven update, what it costs beyond an idle one is too."""


@dataclass(frozen=True, eq=False)
class Item:
    """How often a term occurs, and where. n: per sample (B,); numbers of an ANN may be scalar.

    kind: of the connection (`counts.Kind`); words: size of the memory that is accessed, in words.
    """

    where: str
    term: str
    n: np.ndarray
    kind: str = ""
    words: int = 0


@dataclass(frozen=True)
class UpdateOperations:
    """Arithmetic of one neuron update; the bias is a term of its own."""

    multiplications: int
    additions: int


UPDATE_OPERATIONS: Mapping[str, UpdateOperations] = {
    # v·(1 − dv); + I and v > threshold
    "LIF": UpdateOperations(1, 2),
    # + I and v > threshold
    "IF": UpdateOperations(0, 2),
    # u·(1 − du) and v·(1 − dv); + I, + u and v > threshold
    "CubaLIF": UpdateOperations(2, 3),
    # v·(1 − dv); + I
    "LeakyIntegrator": UpdateOperations(1, 1),
    # u·(1 − du) and v·(1 − dv); + I, + u
    "CubaLI": UpdateOperations(2, 2),
    # + I
    "Integrator": UpdateOperations(0, 1),
    # I > threshold
    "Threshold": UpdateOperations(0, 1),
    # the sum itself is counted with its synapses
    "Relay": UpdateOperations(0, 0),
}


def items(counts: Counts, counting: Counting = "exact") -> list[Item]:
    """Everything that a run spent, inputs first, then layer by layer."""
    spent = [Item(i.name, "input_event", i.spikes) for i in counts.inputs]
    spent += [
        item
        for port in counts.inputs
        for c in counts.connections
        if c.source == port.name
        for item in _routed(port.name, c)
    ]
    for layer in counts.layers:
        for connection in counts.into(layer.name):
            spent += _connection(connection, layer, counting, counts.steps)
        spent += _layer(layer, counting)
        for connection in counts.connections:
            if connection.source == layer.name:
                spent += _routed(layer.name, connection)
    return spent


def _connection(
    c: ConnectionCounts, layer: LayerCounts, counting: Counting, steps: int
) -> list[Item]:
    """What the synapses of a connection do; they count for the layer that they end at."""
    where, states = layer.name, layer.neurons * max(layer.state_words, 1)
    macs = analog_macs(c, counting, steps)
    if c.drive == "membranes":
        return [
            Item(where, "mac", macs),
            Item(where, "sop_weight", macs, c.kind, c.weights),
            Item(where, "sop_state", macs, words=states),
        ]
    if c.drive != "spikes":
        return [Item(where, "host_mac", macs), Item(where, "host_add", c.host_adds)]
    sop = synaptic_operations(c, counting)
    finding = 2 * c.spikes if c.kind == "kernel" else np.zeros_like(c.spikes)
    return [
        Item(where, "sop", sop, c.kind),
        Item(where, "sop_weight", sop, c.kind, c.weights),
        Item(where, "sop_state", sop, words=states),
        Item(where, "address_mul", finding),
        Item(where, "address_add", finding + sop),
    ]


def _layer(layer: LayerCounts, counting: Counting) -> list[Item]:
    """What the neurons of a layer do."""
    where, updates = layer.name, layer.driven + layer.idle
    arithmetic = UPDATE_OPERATIONS[layer.kind]
    multiplied, added = updates * arithmetic.multiplications, updates * arithmetic.additions
    biased = layer.bias_adds
    if counting == "fsvae":
        multiplied, added, biased = updates - layer.spikes, updates, updates
    words = layer.neurons * layer.state_words
    return [
        Item(where, "update_driven", layer.driven),
        Item(where, "update_idle", layer.idle),
        Item(where, "update_state", updates * layer.state_words, words=words),
        Item(where, "neuron_mul", multiplied),
        Item(where, "neuron_add", added),
        Item(where, "bias", biased),
        Item(where, "spike", layer.spikes),
        Item(where, "readout", layer.readouts),
    ]


def _routed(where: str, c: ConnectionCounts) -> list[Item]:
    """The way of a connection's spikes over the chip; it counts for the population they leave."""
    ways = {"message": c.messages, "hop_x": c.hops_x, "hop_y": c.hops_y}
    return [Item(where, term, n) for term, n in ways.items() if n is not None]
