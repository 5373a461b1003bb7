"""Connections as Lava's own Sparse and DelaySparse processes."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode

from snnvae.primitive import Synapse
from snnvae.program import Precision


def synapse_process(synapse: Synapse, precision: Precision, *, wait: int, name: str) -> Any:
    """A Sparse with the same sums (as Lava's Dense or Conv would have), `wait` steps late."""
    weights = sp.csr_matrix(synapse.matrix())
    arguments: dict[str, Any] = {"weights": weights, "name": name}
    if precision == "fixed":
        # Said outright: Lava's guess gives weights of one sign another precision.
        arguments["sign_mode"] = SignMode.MIXED
    if not wait:
        return Sparse(**arguments)
    delays = sp.csr_matrix(
        (np.full(weights.nnz, wait), weights.indices, weights.indptr), shape=weights.shape
    )
    return DelaySparse(delays=delays, max_delay=wait, **arguments)


def graded_identity(size: int, bits: int, *, name: str) -> Any:
    """A fixed-point Sparse that passes graded spikes of `bits` bits on as they are.

    Weights of mixed sign are even, so it is 2 with an exponent of −1.
    """
    weights = sp.csr_matrix(2 * sp.eye(size, dtype=np.int64))
    return Sparse(
        weights=weights,
        weight_exp=-1,
        num_message_bits=bits,
        sign_mode=SignMode.MIXED,
        name=name,
    )
