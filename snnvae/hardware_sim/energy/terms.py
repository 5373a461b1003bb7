"""The terms of the bill: what is counted, and how many of each a layer spends per sample.

A profile puts a price on a term, says that another price covers it, or excludes it on both sides of
the comparison. What is left is unpriced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.hardware_sim.counts import ConnectionCounts, Counts, LayerCounts

Quantities = Mapping[str, np.ndarray]
"""Term → how often it occurs, per sample: (B,)."""

SNN_TERMS: Mapping[str, str] = {
    "sop": "add a weight to a membrane, per synaptic operation",
    "sop_weight": "read the weight, per synaptic operation",
    "sop_state": "read and write the membrane, per synaptic operation",
    "update_driven": "update a neuron that was reached in that step",
    "update_idle": "update a neuron that was not",
    "update_state": "read and write the membrane, per neuron update",
    "neuron_mul": "multiplications of the neuron updates",
    "neuron_add": "additions and comparisons of the neuron updates",
    "bias": "add the bias, per neuron that has one and step",
    "spike": "send a spike, per spike emitted",
    "hop": "carry a spike from tile to tile, per spike and hop",
    "host_mac": "multiply-accumulates of analog inputs",
    "host_add": "add biases and cached currents of analog inputs",
    "input_event": "bring a spike in from the host",
    "readout": "read a membrane out to the host, and its readout function there",
    "static": "static power over the time of a sample",
}

ANN_TERMS: Mapping[str, str] = {
    "mac": "multiply-accumulate",
    "add": "bias and activation, an addition each",
    "weight": "read a weight",
    "activation": "read or write an activation",
}

SAMPLER_TERM = "sampler"
HOST_TERMS: Mapping[str, str] = {SAMPLER_TERM: "draw the latent spikes on the host"}
"""Work of the host that no profile prices."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "synaptic operations": ("sop",),
    "synaptic memory": ("sop_weight", "sop_state"),
    "neuron updates": ("update_driven", "update_idle", "neuron_mul", "neuron_add", "bias"),
    "neuron memory": ("update_state",),
    "spikes": ("spike", "hop", "input_event"),
    "analog input": ("host_mac", "host_add"),
    "readout and static": ("readout", "static"),
}
"""Terms that a plot shows as one."""

UNCOUNTED = frozenset({"hop", "static"})
"""Terms that a recording alone cannot count."""

EVENT_TERMS = frozenset({"sop", "sop_weight", "sop_state", "spike", "hop", "input_event"})
"""Terms in proportion to spikes; of a driven update, what it costs beyond an idle one is too."""


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


def operations_of(kind: str) -> UpdateOperations:
    """Arithmetic of a kind of neurons; in fixed point as in float. KeyError if unknown."""
    return UPDATE_OPERATIONS[kind]


def layer_quantities(
    layer: LayerCounts, incoming: tuple[ConnectionCounts, ...], hops: float | None
) -> dict[str, np.ndarray]:
    """What one layer and the connections into it spend. hops: mean tiles that a spike crosses."""
    zero = np.zeros(len(layer.spikes), np.int64)
    sop = sum((c.sop for c in incoming), zero)
    updates = layer.driven + layer.idle
    arithmetic = operations_of(layer.kind)
    return {
        "sop": sop,
        "sop_weight": sop,
        "sop_state": sop,
        "update_driven": layer.driven,
        "update_idle": layer.idle,
        "update_state": updates,
        "neuron_mul": updates * arithmetic.multiplications,
        "neuron_add": updates * arithmetic.additions,
        "bias": layer.bias_adds,
        "spike": layer.spikes,
        **({} if hops is None else {"hop": layer.spikes * hops}),
        "host_mac": sum((c.macs for c in incoming), zero),
        "host_add": sum((c.host_adds for c in incoming), zero),
        "readout": layer.readouts,
    }


def quantities(counts: Counts, hops: float | None = None) -> dict[str, Quantities]:
    """By population, inputs first: what each spends per sample."""
    spent: dict[str, Quantities] = {i.name: {"input_event": i.spikes} for i in counts.inputs}
    for layer in counts.layers:
        spent[layer.name] = layer_quantities(layer, counts.into(layer.name), hops)
    return spent
