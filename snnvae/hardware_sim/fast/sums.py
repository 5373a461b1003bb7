"""Event-driven sums: what the spikes of a population add to a layer's currents.

All kernels walk spikes, so that their cost follows the synaptic operations. Spikes are uint8
(B, H + T, n); `first` is the row at which the window begins; currents (B, T, m) are integers.
"""

from __future__ import annotations

import numba
import numpy as np

from snnvae.hardware_sim.fast.rows import SLACK, add_rows, listed

STRIP_BYTES = 512
"""Of a row of a matrix: as much as is summed side by side in registers."""


@numba.njit(nogil=True, cache=True)
def add_linear(spikes, first, weights, currents):  # type: ignore[no-untyped-def]
    """Rows of the sources that fire; weights (strips, n, lanes) hold m columns in strips.

    One strip serves all samples and steps before the next: it stays in the cache.
    """
    samples, steps, width = currents.shape
    strips, n, _ = weights.shape
    index = np.empty((samples * steps, n + SLACK), np.int32)
    counts = np.empty(samples * steps, np.int64)
    for b in range(samples):
        for t in range(steps):
            counts[b * steps + t] = listed(spikes[b, first + t], index[b * steps + t])
    row_bytes = width * weights.itemsize
    for strip in range(strips):
        here = min(STRIP_BYTES, row_bytes - strip * STRIP_BYTES)
        offset = strip * n * STRIP_BYTES
        for row in range(samples * steps):
            out = currents.ctypes.data + row * row_bytes + strip * STRIP_BYTES
            place = index.ctypes.data + row * index.shape[1] * 4
            add_rows(out, weights, offset, STRIP_BYTES, place, counts[row], here)


@numba.njit(nogil=True, cache=True)
def add_kernel(spikes, first, weights, y_taps, x_taps, width, currents):  # type: ignore[no-untyped-def]
    """A kernel (taps_y, taps_x, C_in, lanes) over maps; both populations have padded lanes.

    y_taps, x_taps: (begin, tap, target), see `Taps`; width: (of the input, of the output).
    """
    y_begin, y_tap, y_to = y_taps
    x_begin, x_tap, x_to = x_taps
    width_in, width_out = width
    _, taps_x, c_in, lanes = weights.shape
    samples, steps, size = currents.shape
    row_bytes = lanes * weights.itemsize
    index = np.empty(c_in + SLACK, np.int32)
    place = index.ctypes.data
    for b in range(samples):
        for t in range(steps):
            out = currents.ctypes.data + (b * steps + t) * size * weights.itemsize
            row = spikes[b, first + t]
            for y in range(len(y_begin) - 1):
                for x in range(width_in):
                    at = (y * width_in + x) * c_in
                    count = listed(row[at : at + c_in], index)
                    if count == 0:
                        continue
                    for i in range(y_begin[y], y_begin[y + 1]):
                        for j in range(x_begin[x], x_begin[x + 1]):
                            to = out + (y_to[i] * width_out + x_to[j]) * row_bytes
                            tap = (y_tap[i] * taps_x + x_tap[j]) * c_in * row_bytes
                            add_rows(to, weights, tap, row_bytes, place, count, row_bytes)


@numba.njit(nogil=True, cache=True)
def add_thin_kernel(spikes, first, weights, taps_x, channels, y_taps, x_taps, width, currents):  # type: ignore[no-untyped-def]
    """As `add_kernel` for few output channels: all taps of a source at once, then each in place.

    weights: (C_in, taps_y·taps_x·channels, padded).
    """
    y_begin, y_tap, y_to = y_taps
    x_begin, x_tap, x_to = x_taps
    width_in, width_out = width
    c_in, padded = weights.shape
    samples, steps, _ = currents.shape
    row_bytes = padded * weights.itemsize
    index = np.empty(c_in + SLACK, np.int32)
    taps = np.empty(padded, weights.dtype)
    for b in range(samples):
        for t in range(steps):
            row, out = spikes[b, first + t], currents[b, t]
            for y in range(len(y_begin) - 1):
                for x in range(width_in):
                    at = (y * width_in + x) * c_in
                    count = listed(row[at : at + c_in], index)
                    if count == 0:
                        continue
                    taps[:] = 0
                    add_rows(
                        taps.ctypes.data, weights, 0, row_bytes, index.ctypes.data, count, row_bytes
                    )
                    for i in range(y_begin[y], y_begin[y + 1]):
                        for j in range(x_begin[x], x_begin[x + 1]):
                            to = (y_to[i] * width_out + x_to[j]) * channels
                            tap = (y_tap[i] * taps_x + x_tap[j]) * channels
                            out[to] += taps[tap]
                            for c in range(1, channels):
                                out[to + c] += taps[tap + c]


@numba.njit(nogil=True, cache=True)
def add_synapses(spikes, first, begin, targets, weights, currents):  # type: ignore[no-untyped-def]
    """Compressed sparse columns: the synapses of source i are begin[i] … begin[i + 1]."""
    samples, steps, _ = currents.shape
    index = np.empty(spikes.shape[2] + SLACK, np.int32)
    for b in range(samples):
        for t in range(steps):
            out = currents[b, t]
            count = listed(spikes[b, first + t], index)
            for k in range(count):
                i = index[k]
                for s in range(begin[i], begin[i + 1]):
                    out[targets[s]] += weights[s]


@numba.njit(nogil=True, cache=True)
def exact_current(spikes, first, begin, sources, weights, targets, currents):  # type: ignore[no-untyped-def]
    """Of few neurons, in float64: spikes (H + T, n) of one sample → currents (T, len(targets)).

    Compressed sparse rows: the synapses of target i are begin[i] … begin[i + 1].
    """
    for t in range(currents.shape[0]):
        row = spikes[first + t]
        for k in range(len(targets)):
            total = 0.0
            for s in range(begin[k], begin[k + 1]):
                total += weights[s] * row[sources[s]]
            currents[t, k] += total
