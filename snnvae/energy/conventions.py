"""Ways to count operations: ours, and those of published tables, to reproduce these beside ours.

exact      Σ spikes · fan-out of the position that fired
mean_rate  mean rate of the source layer · T · synapses: exact only where all fan-outs are equal
fsvae      the same, with synapses as FSVAE's table counts them: every tap at every output
           position, borders ignored and a transposed convolution times stride² (its ANN
           row is 29,614,080 multiply-accumulates × 250 images of a batch)
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Literal

import numpy as np

from snnvae.hardware_sim.counter import is_linear, naive_synapses
from snnvae.hardware_sim.counts import ConnectionCounts
from snnvae.primitive import Synapse

Counting = Literal["exact", "mean_rate", "fsvae"]

COUNTINGS: Mapping[Counting, str] = {
    "exact": "each spike times the fan-out of its position",
    "mean_rate": "mean rate × steps × synapses of each layer, as many papers count",
    "fsvae": "mean rate × steps × taps at every output position: borders ignored, transposed "
    "convolutions times stride², the ANN's linear layers inputs², as FSVAE's authors count",
}


def synaptic_operations(c: ConnectionCounts, counting: Counting) -> np.ndarray:
    """Synaptic operations of a spike-driven connection, per sample (B,)."""
    if counting == "exact":
        return c.sop
    synapses = c.naive if counting == "fsvae" else c.synapses
    return c.spikes * (synapses / c.sources)


def analog_macs(c: ConnectionCounts, counting: Counting, steps: int) -> np.ndarray:
    """Multiply-accumulates of an analog-driven connection, per sample (B,)."""
    return np.full_like(c.macs, steps * c.naive) if counting == "fsvae" else c.macs


def ann_macs(synapse: Synapse, exact: int, counting: Counting) -> int:
    """Multiply-accumulates of a connection of the ANN, which are `exact` if counted so."""
    if counting != "fsvae":
        return exact
    return prod(synapse.in_shape) ** 2 if is_linear(synapse) else naive_synapses(synapse)
