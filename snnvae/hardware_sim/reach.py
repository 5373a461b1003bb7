"""Finds which neurons a step's spikes reach: decides whether an update is driven or idle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np
import scipy.sparse as sp

from snnvae.primitive import Synapse
from snnvae.primitives import Linear
from snnvae.primitives.convolution import Convolution
from snnvae.program import Connection, Layer
from snnvae.recording import Recording

Reach = Callable[[np.ndarray], np.ndarray]
"""Spikes (R, *in_shape) → bool (R, n_out): the neurons that at least one spike reaches.

Only synapses whose weight is not zero carry a spike."""

_CHUNK_VALUES = 4_000_000
"""Largest array of values held while looking for driven neurons (16 MB in float32)."""


def delivered(recording: Recording, c: Connection) -> np.ndarray:
    """Spikes (B, T − delay, …) that the connection delivers within the sample."""
    spikes = recording.spikes[c.source]
    return spikes[:, : max(spikes.shape[1] - c.delay, 0)]


def driven_updates(
    recording: Recording,
    layer: Layer,
    incoming: Sequence[Connection],
    reaches: Mapping[str, Reach],
    samples: int,
    steps: int,
) -> np.ndarray:
    """Updates (B,) of neurons that a spike reached in that step, by connections of spikes."""
    driven = np.zeros(samples, np.int64)
    timely = [c for c in incoming if c.delay < steps]
    widest = max((prod(c.synapse.in_shape) for c in timely), default=1)
    for rows in _chunks(samples, steps * max(widest, layer.size)):
        hit = np.zeros((rows.stop - rows.start, steps, layer.size), bool)
        for c in timely:
            spikes = delivered(recording, c)[rows]
            flat = reaches[c.name](spikes.reshape(-1, *spikes.shape[2:]))
            hit[:, c.delay :] |= flat.reshape(*spikes.shape[:2], -1)
        driven[rows] = hit.sum(axis=(1, 2), dtype=np.int64)
    return driven


def _chunks(rows: int, per_row: int) -> Iterator[slice]:
    """Slices of rows whose arrays stay within memory."""
    size = max(1, _CHUNK_VALUES // per_row)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def reach(synapse: Synapse) -> Reach:
    """The reach of a synapse, exact; weights without a zero take a short cut to the same."""
    if (synapse.weight != 0).all():
        if isinstance(synapse, Linear):
            return _reach_all(synapse)
        if isinstance(synapse, Convolution):
            return _reach_channels(synapse)
    return _reach_pattern(synapse)


def _reach_pattern(synapse: Synapse) -> Reach:
    """Counts by the matrix of non-zero weights; float32 is exact up to 2²⁴ synapses a neuron."""
    matrix = synapse.matrix()
    ones = np.ones(len(matrix.data), np.float32)
    pattern = sp.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)

    def reached(spikes: np.ndarray) -> np.ndarray:
        flat = spikes.reshape(len(spikes), -1)
        hits = np.empty((len(flat), pattern.shape[0]), bool)
        for rows in _chunks(len(flat), max(pattern.shape)):
            hits[rows] = (pattern @ flat[rows].T.astype(np.float32)).T > 0
        return hits

    return reached


def _reach_all(synapse: Linear) -> Reach:
    """No zero weight: one spike anywhere reaches everything."""
    n_out = prod(synapse.out_shape)

    def reached(spikes: np.ndarray) -> np.ndarray:
        some = np.asarray(spikes.reshape(len(spikes), -1).any(axis=1, keepdims=True))
        return np.repeat(some, n_out, axis=1)

    return reached


def _reach_channels(synapse: Convolution) -> Reach:
    """No zero weight: the channels of a group act as one, so a kernel of one channel decides."""
    groups, channels = synapse.groups, synapse.out_shape[0]
    flat = replace(
        synapse,
        in_shape=(groups, *synapse.in_shape[1:]),
        out_shape=(groups, *synapse.out_shape[1:]),
        weight=np.ones((groups, 1, *synapse.weight.shape[2:])),
    )
    inner = _reach_pattern(flat)

    def reached(spikes: np.ndarray) -> np.ndarray:
        rows = len(spikes)
        by_group = spikes.reshape(rows, groups, -1, *synapse.in_shape[1:])
        hits = inner(np.asarray(by_group.any(axis=2))).reshape(rows, groups, -1)
        return np.repeat(hits, channels // groups, axis=1).reshape(rows, -1)

    return reached
