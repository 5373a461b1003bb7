"""Neurons over all steps of a window in one pass: integrate, compare, fire, reset, count.

The same operations in the same order as `FloatNeuron.step` and `FixedNeuron.step`, so the same
bits. Arrays: currents and extra (B, T, n), states (B, n), parameters (n,). A membrane that is
compared with ≥ instead of > has a threshold one smallest step lower.
"""

from __future__ import annotations

import numba
import numpy as np

from snnvae.compiled import njit
from snnvae.primitives import fixed_point as fp

SILENT, ZERO, SUBTRACT, DELAYED, AHEAD = range(5)
"""What follows a spike: there is none; to 0; minus the threshold; minus it in the next step; that a
step ahead."""
_BLOCK = 1024
"""Neurons whose state stays in the first cache over all steps."""
_SHIFT, _LIMIT, _BITS = fp.ACTIVATION_SHIFT, fp.STATE_LIMIT, fp.DECAY_BITS
_WHOLE = 1 << fp.DECAY_BITS


@njit()
def _lif_float(currents, unit, keep, bias, threshold, v, spikes, margin, near):  # type: ignore[no-untyped-def]
    """One step of the most common neuron, on rows by themselves: so the compiler vectorises it."""
    for i in range(len(v)):
        x = keep[i] * v[i] + currents[i] * unit + bias[i]
        fires = x > threshold[i]
        v[i] = 0.0 if fires else x
        spikes[i] = np.uint8(fires)
        near[i] |= np.uint8(abs(x - threshold[i]) <= margin)


@njit()
def scan_float(  # type: ignore[no-untyped-def]
    currents, unit, extra, neuron, has_u, mode, v, u, spikes, first, membranes, margin, near
):
    """`currents` count `unit`; `extra` (B, T, 1 or 0 steps) adds to them what the host computed.

    neuron: (kept share of v, kept share of u, bias, threshold, what a spike subtracts).
    near (B, n): set where a membrane came within margin[t] of its threshold.
    membranes: all of them, (B, T, n), or (B, 0, n).
    """
    keep, keep_u, bias, threshold, amount = neuron
    samples, steps, n = currents.shape
    held = extra.shape[1] - 1
    for b in range(samples):
        for start in range(0, n, _BLOCK):
            end = min(start + _BLOCK, n)
            for t in range(steps):
                if mode == ZERO and not has_u and held < 0 and membranes.shape[1] == 0:
                    _lif_float(
                        currents[b, t, start:end],
                        unit,
                        keep[start:end],
                        bias[start:end],
                        threshold[start:end],
                        v[b, start:end],
                        spikes[b, first + t, start:end],
                        margin[t],
                        near[b, start:end],
                    )
                    continue
                for i in range(start, end):
                    current = currents[b, t, i] * unit
                    if held >= 0:
                        current = current + extra[b, min(t, held), i]
                    if has_u:
                        current = keep_u[i] * u[b, i] + current
                        u[b, i] = current
                    x = keep[i] * v[b, i] + current + bias[i]
                    owed = mode >= DELAYED and v[b, i] > threshold[i]
                    if owed:
                        x = x - amount[i]
                    if mode != SILENT:
                        fires = x > threshold[i]
                        spikes[b, first + t, i] = fires
                        near[b, i] |= abs(x - threshold[i]) <= margin[t]
                        if fires and mode == ZERO:
                            x = 0.0
                        elif fires and mode == SUBTRACT:
                            x = x - amount[i]
                        elif mode == AHEAD:
                            if fires and not owed:
                                x = x - amount[i]
                            elif owed and not fires:
                                x = x + amount[i]
                            near[b, i] |= abs(x - threshold[i]) <= margin[t]
                    v[b, i] = x
                    if membranes.shape[1]:
                        membranes[b, t, i] = x


@numba.njit(inline="always")
def _decay(x, kept):  # type: ignore[no-untyped-def]
    """sgn(x)·((|x|·kept) >> 12)."""
    size = (abs(x) * kept) >> _BITS
    return -size if x < 0 else size


@njit()
def _lif_fixed(currents, keep, bias, threshold, v, spikes):  # type: ignore[no-untyped-def]
    """Steps as `_lif_float` does; returns the updates that left 24 bits."""
    beyond = 0
    for i in range(len(v)):
        raw = np.int64(currents[i]) << _SHIFT
        current = raw - 2 * _LIMIT if raw > _LIMIT else raw
        current = raw + 2 * _LIMIT if raw <= -_LIMIT else current
        x = _decay(v[i], keep[i]) + current + bias[i]
        beyond += (raw != current) | (x > _LIMIT - 1) | (x <= -_LIMIT)
        x = min(max(x, -_LIMIT + 1), _LIMIT - 1)
        fires = x > threshold[i]
        v[i] = 0 if fires else x
        spikes[i] = np.uint8(fires)
    return beyond


@njit()
def scan_fixed(  # type: ignore[no-untyped-def]
    currents, extra, neuron, has_u, mode, v, u, spikes, first, membranes
):
    """Loihi's integers; `extra` as in `scan_float`. Returns the updates that left 24 bits."""
    keep, keep_u, bias, threshold, amount = neuron
    samples, steps, n = currents.shape
    held = extra.shape[1] - 1
    beyond = 0
    highest = np.int64(fp.SILENT_LIMIT if mode == SILENT else _LIMIT - 1)
    for b in range(samples):
        for start in range(0, n, _BLOCK):
            end = min(start + _BLOCK, n)
            for t in range(steps):
                if mode == ZERO and not has_u and held < 0 and membranes.shape[1] == 0:
                    beyond += _lif_fixed(
                        currents[b, t, start:end],
                        keep[start:end],
                        bias[start:end],
                        threshold[start:end],
                        v[b, start:end],
                        spikes[b, first + t, start:end],
                    )
                    continue
                for i in range(start, end):
                    current = np.int64(currents[b, t, i])
                    if held >= 0:
                        current += extra[b, min(t, held), i]
                    raw = current << _SHIFT
                    if has_u:
                        raw += _decay(u[b, i], keep_u[i])
                    current = raw - 2 * _LIMIT if raw > _LIMIT else raw
                    current = raw + 2 * _LIMIT if raw <= -_LIMIT else current
                    if has_u:
                        u[b, i] = current
                    x = _decay(v[b, i], keep[i]) + current + bias[i]
                    beyond += (raw != current) | (x > highest) | (x <= -_LIMIT)
                    x = min(max(x, -_LIMIT + 1), _LIMIT - 1)
                    if mode == SILENT and x > highest:
                        x = np.int64(0)
                    owed = mode >= DELAYED and v[b, i] > threshold[i]
                    if owed:
                        x = max(x - amount[i], -_LIMIT + 1)
                    if mode != SILENT:
                        fires = x > threshold[i]
                        spikes[b, first + t, i] = fires
                        if fires and mode == ZERO:
                            x = np.int64(0)
                        elif fires and mode == SUBTRACT:
                            x = x - amount[i]
                        elif mode == AHEAD and fires and not owed:
                            x = max(x - amount[i], -_LIMIT + 1)
                        elif mode == AHEAD and owed and not fires:
                            x = min(x + amount[i], _LIMIT - 1)
                    v[b, i] = x
                    if membranes.shape[1]:
                        membranes[b, t, i] = x
    return beyond
