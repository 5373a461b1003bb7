"""tdBN and LIF over all steps in one pass on a CPU, forward and backward, compiled by numba.

Arrays are (T, M): a step is a row, channels are innermost, so that element i has channel i mod C.
Each kernel takes a stretch of columns, block by block: a block's T steps stay in the first cache,
and nothing but currents and spikes ever reaches memory. Gains and shifts come tiled to a block's
width. Every operation is rounded as torch rounds it (no fused multiply-add), so the spikes are
those of Norse's cell, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.compiled import njit

Array = NDArray[Any]

WIDTH = 512
"""Elements of a block, about: T = 16 steps of it are 32 KB."""


def block_width(channels: int) -> int:
    """Elements of a block: whole positions, so that the tiled gains fit each of them."""
    return max(1, WIDTH // channels) * channels


@njit()
def sums(y: Array, channels: int, start: int, stop: int, total: Array, square: Array) -> None:
    """Adds Σ(y − y₀) and Σ(y − y₀)² per channel (float64), y₀ the channel's first value."""
    for t in range(y.shape[0]):
        row = y[t]
        for at in range(start, stop, channels):
            for c in range(channels):
                d = np.float64(row[at + c]) - np.float64(y[0, c])
                total[c] += d
                square[c] += d * d


@njit()
def forward(
    y: Array,
    weights: Array,
    gain: Array,
    shift: Array,
    c: Any,
    v_th: Any,
    v: Array,
    spikes: Array,
    start: int,
    stop: int,
) -> None:
    """x = gain·y + shift, a = v + c·(x − v), spike where a > v_th, then v = 0.

    y (T or 1, M): a single row is the current of every step. weights (T). v (M) is
    where membranes begin, and then where they end. spikes (T, M), or (1, M) for
    Σ_t weights[t]·spikes[t].
    """
    width, zero = len(gain), v.dtype.type(0)
    steps = len(weights)
    for at in range(start, stop, width):
        n = min(width, stop - at)
        state = v[at : at + n]
        for t in range(steps):
            current = y[t if y.shape[0] > 1 else 0, at : at + n]
            out = spikes[t if spikes.shape[0] > 1 else 0, at : at + n]
            adds, weight = spikes.shape[0] < steps and t > 0, weights[t]
            for i in range(n):
                x = current[i] * gain[i] + shift[i]
                a = state[i] + c * (x - state[i])
                fires = a > v_th
                out[i] = (out[i] if adds else zero) + (weight if fires else zero)
                state[i] = zero if fires else a


@njit()
def backward(
    y: Array,
    weights: Array,
    gain: Array,
    shift: Array,
    mean: Array,
    inverse: Array,
    c: Any,
    v_th: Any,
    smooth: bool,
    centre: Any,
    half_width: Any,
    height: Any,
    grad: Array,
    grad_x: Array,
    by_shift: Array,
    by_gain: Array,
    start: int,
    stop: int,
) -> None:
    """Goes back through time: membranes are computed again, block by block, instead of being kept.

    grad (T, M): of the spikes, or (1, M): of their weighted sum. Writes grad_x (T or 1, M), of x,
    summed over time where y is one row, and adds Σ grad_x and Σ grad_x·ŷ, ŷ = (y − mean)·inverse,
    per channel to `by_shift` and `by_gain` (float64). ∂spike/∂a is as `lif_rule.Window` has it.
    """
    width, steps, channels = len(gain), len(weights), len(by_shift)
    constant = y.shape[0] == 1
    kind = y.dtype.type
    zero, one = kind(0), kind(1)
    keep = one - c
    membranes = np.empty((steps, width), y.dtype)
    v, carried = np.empty(width, y.dtype), np.empty(width, y.dtype)
    to_shift, to_gain = np.empty(width, y.dtype), np.empty(width, y.dtype)
    for at in range(start, stop, width):
        n = min(width, stop - at)
        v[:] = zero
        for t in range(steps):
            current = y[0 if constant else t, at : at + n]
            row = membranes[t]
            for i in range(n):
                x = current[i] * gain[i] + shift[i]
                a = v[i] + c * (x - v[i])
                row[i] = a
                v[i] = zero if a > v_th else a
        carried[:] = zero
        to_shift[:] = zero
        to_gain[:] = zero
        if constant:
            grad_x[0, at : at + n] = zero
        for t in range(steps - 1, -1, -1):
            current = y[0 if constant else t, at : at + n]
            out = grad_x[0 if constant else t, at : at + n]
            row = membranes[t]
            given, weight = grad[t if grad.shape[0] > 1 else 0, at : at + n], weights[t]
            for i in range(n):
                a = row[i]
                window = height if abs(a) < half_width else zero
                if smooth:
                    d = (a - centre) / half_width
                    window = height / (one + d * d)
                through = (weight * given[i] - carried[i] * a) * window
                of_a = through + (zero if a > v_th else carried[i])
                of_x = c * of_a
                carried[i] = keep * of_a
                out[i] = out[i] + of_x if constant else of_x
                to_shift[i] += of_x
                to_gain[i] += of_x * ((current[i] - mean[i]) * inverse[i])
        for i in range(n):
            by_shift[i % channels] += to_shift[i]
            by_gain[i % channels] += to_gain[i]


@njit()
def normalise_backward(
    y: Array,
    gain: Array,
    mean: Array,
    inverse: Array,
    by_shift: Array,
    by_gain: Array,
    grad_x: Array,
    start: int,
    stop: int,
) -> None:
    """grad_x → gain·(grad_x − by_shift − ŷ·by_gain) in place; both sums divided by their count."""
    width = len(gain)
    for at in range(start, stop, width):
        n = min(width, stop - at)
        for t in range(y.shape[0]):
            current, out = y[t, at : at + n], grad_x[t, at : at + n]
            for i in range(n):
                hat = (current[i] - mean[i]) * inverse[i]
                out[i] = gain[i] * (out[i] - by_shift[i] - hat * by_gain[i])
