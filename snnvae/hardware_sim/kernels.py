"""Synapse kernels that compute the primitives' sums another, faster way."""

from __future__ import annotations

from math import prod

import numpy as np

from snnvae.hardware_sim.stepper import SynapseMap
from snnvae.program import Connection


def csr_map(connection: Connection) -> SynapseMap:
    """``I = W·x`` with the synapse's sparse matrix W: (B, *in_shape) → (B, *out_shape).

    Only synapses whose weight is not zero are visited. Float64 or int64, as the weights. Float
    sums run in another order than the primitive's and may differ in the last bits.
    """
    synapse = connection.synapse
    matrix = synapse.matrix().tocsr()
    n_in, out_shape = prod(synapse.in_shape), synapse.out_shape

    def apply(x: np.ndarray) -> np.ndarray:
        columns = np.ascontiguousarray(x.reshape(len(x), n_in).T)
        return np.ascontiguousarray((matrix @ columns).T).reshape(len(x), *out_shape)

    return apply
