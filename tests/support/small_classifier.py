"""A small classifier of random weights, and random samples for it."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np

INPUTS, HIDDEN, OUTPUTS, STEPS = 6, 12, 4, 14


def classifier(nets: Any, *, spiking: bool, seed: int = 0) -> nir.NIRGraph:
    """6 → 12 LIF → 4 LIF or LI; one large weight in each layer makes 8 bits coarse."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0, 0.7, (HIDDEN, INPUTS)), rng.normal(0, 0.6, (OUTPUTS, HIDDEN))
    first[0, 0] = second[0, 0] = 6.0
    nodes = {
        "in": nets.source(INPUTS),
        "first": nets.affine(first, 0.05),
        "hidden": nets.lif(HIDDEN),
        "second": nets.affine(second),
        "last": nets.lif(OUTPUTS) if spiking else nets.li(OUTPUTS),
        "out": nets.sink(OUTPUTS),
    }
    return nets.chain(nodes, initial="v_leak")


def samples(count: int = 60, seed: int = 1) -> np.ndarray:
    """(B, T, 6), spikes at 40 %."""
    return np.random.default_rng(seed).random((count, STEPS, INPUTS)) < 0.4
