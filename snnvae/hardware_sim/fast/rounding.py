"""Weights as integers, so that sums are exact in any order, and how far the result can be off.

A fixed-point program has integers already. In a float program all weights into a layer are
multiples of its grid, about 2^−51 of its largest sum: as int64 they sum exactly. Half as many bytes
move with int32: weights rounded to multiples of a coarser unit, so coarse that no sum leaves 31
bits. Their sums are exact too, but of rounded weights: a current is off by at most half a unit for
each synapse,

    |I − Î| ≤ R = ½·unit·(fan-in),

and a membrane by ``e_t = |1 − dv|·e_{t−1} + r_t``, where ``r_t = R``, or with a synaptic current
``r_t = |1 − du|·r_{t−1} + R``. A neuron whose membrane stays further than e_t from its threshold
at every step fires exactly as it does with the exact weights; the others are computed again
(`replay`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from snnvae.primitive import Synapse
from snnvae.primitives import FloatNeuron, Linear, OneToOne
from snnvae.primitives.convolution import Convolution
from snnvae.primitives.of_layer import float_neuron
from snnvae.program import Connection, Layer

INT32_BITS = 30
"""Of a sum of rounded weights: one fewer than fits, for the rounding of the weights."""
GRID_BITS = 51
"""No current into a layer is larger than its grid times two to this power."""
_SLACK = 2.0**-46
"""Relative rounding of a few float64 operations, with room: a step of a neuron has about five."""


def bound(connections: Sequence[Connection]) -> float:
    """The largest Σ|w| that all sources firing at once could give a neuron."""
    return sum(c.synapse.largest_sum() for c in connections)


def unit_for(largest: float, bits: int) -> float:
    """The smallest power of two of which sums up to `largest` count no more than 2^bits."""
    return float(np.ldexp(1.0, int(np.frexp(largest)[1]) - bits)) if largest else 1.0


def integers(weights: np.ndarray, unit: float, dtype: type) -> np.ndarray:
    """Weights in units, to the nearest."""
    scaled = weights if unit == 1 else weights / unit
    return np.rint(scaled, out=np.empty(weights.shape)).astype(dtype)


def fan_in(synapse: Synapse) -> int:
    """The most synapses of a neuron."""
    if isinstance(synapse, Convolution):
        return prod(synapse.weight.shape[1:])
    if isinstance(synapse, Linear):
        return int(synapse.weight.shape[1])
    if isinstance(synapse, OneToOne):
        return 1
    return int(np.diff(synapse.matrix().indptr).max(initial=0))


def margins(layer: Layer, connections: Sequence[Connection], unit: float, steps: int) -> np.ndarray:
    """e_t for t = 1 … T, float64: how close to its threshold a membrane is uncertain.

    All zero where the weights are multiples of the unit already.
    """
    neuron = float_neuron(layer)
    if unit <= layer.weight_grid or all(_multiples(c.synapse.weight, unit) for c in connections):
        return np.zeros(steps)
    off = 0.5 * unit * sum(fan_in(c.synapse) for c in connections)
    # Both ways of computing round, at most this much and most often not at all.
    size = layer.weight_grid * 2**GRID_BITS + sum(
        float(np.abs(p).max(initial=0.0)) for p in _parameters(neuron)
    )
    off += _SLACK * steps * size
    keep, keep_u = _largest_share(neuron.dv), 0.0
    if neuron.du is not None:
        keep_u = _largest_share(neuron.du)
    errors, error, current = np.zeros(steps), 0.0, 0.0
    for t in range(steps):
        current = keep_u * current + off
        error = keep * error + current
        errors[t] = error
    return errors * (1 + _SLACK)


def _multiples(weights: np.ndarray, unit: float) -> bool:
    scaled = weights / unit
    return bool((scaled == np.rint(scaled)).all())


def _parameters(neuron: FloatNeuron) -> list[np.ndarray]:
    threshold = neuron.threshold if neuron.threshold is not None else np.zeros(())
    return [neuron.bias, neuron.start, threshold]


def _largest_share(decay: np.ndarray) -> float:
    return float(np.abs(1 - decay).max())
