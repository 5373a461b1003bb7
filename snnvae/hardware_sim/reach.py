"""Which neurons a step's spikes reach: decides whether an update is driven or idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np
import scipy.sparse as sp

from snnvae.primitive import Synapse
from snnvae.primitives import Linear
from snnvae.primitives.convolution import Convolution

Reach = Callable[[np.ndarray], np.ndarray]
"""Spikes (R, *in_shape) → bool (R, n_out): the neurons that at least one spike reaches.

Only synapses whose weight is not zero carry a spike."""


def reach(synapse: Synapse) -> Reach:
    """The reach of a synapse, exact; weights without a zero take a short cut to the same."""
    if (synapse.weight != 0).all():
        if isinstance(synapse, Linear):
            return _reach_all(synapse)
        if isinstance(synapse, Convolution):
            return _reach_channels(synapse)
    return _reach_pattern(synapse)


def _reach_pattern(synapse: Synapse) -> Reach:
    """By the matrix of non-zero weights; float32 counts exactly up to 2²⁴ synapses a neuron."""
    matrix = synapse.matrix()
    ones = np.ones(len(matrix.data), np.float32)
    pattern = sp.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)

    def reached(spikes: np.ndarray) -> np.ndarray:
        columns = spikes.reshape(len(spikes), -1).T.astype(np.float32)
        hits: np.ndarray = (pattern @ columns).T > 0
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
