"""Loihi's neuron over all steps in one pass on a CPU, forward and backward, compiled by numba.

Arrays are as in `lif_kernels`: (T, M), channels innermost, biases tiled to a block's width. Values
are whole numbers in floats: all of them stay below 2²⁴, so that float32 is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.compiled import njit
from snnvae.primitives.fixed_point import ACTIVATION_SHIFT, STATE_LIMIT

Array = NDArray[Any]

UNIT = 1 << ACTIVATION_SHIFT
"""Membrane units per weight unit."""


@njit()
def forward(
    y: Array,
    weights: Array,
    bias: Array,
    keep: Any,
    threshold: Any,
    v: Array,
    spikes: Array,
    start: int,
    stop: int,
) -> None:
    """a = clip(trunc(keep·v) + wrap(64·y) + bias), spike where a > threshold, then v = 0.

    As `FixedNeuron.step`: keep = 1 − dv/4096 is a float64, in which keep·v is exact.
    y (T or 1, M): sums of whole weights. v (M): where membranes begin, then where they end. spikes
    (T, M), or (1, M) for Σ_t weights[t]·spikes[t].
    """
    kind = y.dtype.type
    width, zero, unit, limit = len(bias), kind(0), kind(UNIT), kind(STATE_LIMIT)
    most, around = limit - kind(1), limit + limit
    steps = len(weights)
    for at in range(start, stop, width):
        n = min(width, stop - at)
        state = v[at : at + n]
        for t in range(steps):
            current = y[t if y.shape[0] > 1 else 0, at : at + n]
            out = spikes[t if spikes.shape[0] > 1 else 0, at : at + n]
            adds, weight = spikes.shape[0] < steps and t > 0, weights[t]
            for i in range(n):
                u = unit * current[i]
                u = u - around if u > limit else (u + around if u <= -limit else u)
                a = kind(np.trunc(keep * np.float64(state[i]))) + u + bias[i]
                a = min(max(a, -most), most)
                fires = a > threshold
                out[i] = (out[i] if adds else zero) + (weight if fires else zero)
                state[i] = zero if fires else a


@njit()
def backward(
    y: Array,
    weights: Array,
    bias: Array,
    keep: Any,
    threshold: Any,
    smooth: bool,
    centre: Any,
    half_width: Any,
    height: Any,
    grad: Array,
    grad_y: Array,
    by_bias: Array,
    start: int,
    stop: int,
) -> None:
    """Goes back through time, rounding passed straight through; membranes are computed again.

    ∂spike/∂a is as `lif_rule.Window` has it, ∂a/∂v[t−1] = keep, ∂a/∂y = 64, ∂a/∂bias = 1. grad
    (T, M), or (1, M) of the weighted sum. Writes grad_y (T or 1, M), adds Σ ∂/∂bias per channel to
    by_bias.
    """
    kind = y.dtype.type
    width, steps, channels = len(bias), len(weights), len(by_bias)
    constant = y.shape[0] == 1
    zero, one, unit, limit = kind(0), kind(1), kind(UNIT), kind(STATE_LIMIT)
    most, around = limit - one, limit + limit
    membranes = np.empty((steps, width), y.dtype)
    v, carried = np.empty(width, y.dtype), np.empty(width, y.dtype)
    total = np.empty(width, y.dtype)
    for at in range(start, stop, width):
        n = min(width, stop - at)
        v[:] = zero
        for t in range(steps):
            current = y[0 if constant else t, at : at + n]
            row = membranes[t]
            for i in range(n):
                u = unit * current[i]
                u = u - around if u > limit else (u + around if u <= -limit else u)
                a = kind(np.trunc(keep * np.float64(v[i]))) + u + bias[i]
                a = min(max(a, -most), most)
                row[i] = a
                v[i] = zero if a > threshold else a
        carried[:] = zero
        total[:] = zero
        if constant:
            grad_y[0, at : at + n] = zero
        for t in range(steps - 1, -1, -1):
            out = grad_y[0 if constant else t, at : at + n]
            row = membranes[t]
            given, weight = grad[t if grad.shape[0] > 1 else 0, at : at + n], weights[t]
            for i in range(n):
                a = row[i]
                window = height if abs(a) < half_width else zero
                if smooth:
                    d = (a - centre) / half_width
                    window = height / (one + d * d)
                through = (weight * given[i] - carried[i] * a) * window
                of_a = through + (zero if a > threshold else carried[i])
                carried[i] = kind(keep) * of_a
                of_y = unit * of_a
                out[i] = out[i] + of_y if constant else of_y
                total[i] += of_a
        for i in range(n):
            by_bias[i % channels] += total[i]
