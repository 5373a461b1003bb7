"""Fully connected synapses (NIR Linear, Affine)."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import nir
import numpy as np
import scipy.sparse as sp

from snnvae.errors import GraphError
from snnvae.primitive import Shape, Synapse
from snnvae.primitives.sparse import Sparse


@dataclass(frozen=True, eq=False)
class Linear(Synapse):
    """``I[o] = Σ_i w[o, i] x[i]``, over the input flattened in C order.

    weight: (prod(out_shape), prod(in_shape)).
    """

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray
    nir_types = (nir.Linear, nir.Affine)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[Synapse, np.ndarray | None]:
        """Reads a Linear or Affine: y[…, o] = Σ_i w[…, o, i] x[…, i], a matrix for each row of axes
        in front."""
        weight = np.asarray(node.weight, np.float64)
        if weight.ndim < 2:
            raise GraphError(
                f"has a weight of shape {weight.shape}, which must be (outputs, inputs)"
            )
        *rows, n_out, n_in = weight.shape
        if in_shape != (*rows, n_in):
            wanted = (
                f"a vector of {n_in} values" if not rows else f"values of shape {(*rows, n_in)}"
            )
            raise GraphError(f"takes {wanted}, but its input has shape {in_shape}")
        out_shape = (*rows, n_out)
        bias = np.asarray(node.bias, np.float64) if isinstance(node, nir.Affine) else None
        if bias is not None and bias.shape != out_shape:
            raise GraphError(f"bias has shape {bias.shape}, its weight needs {out_shape}")
        if not rows:
            return cls(in_shape, out_shape, weight), bias
        blocks = sp.block_diag(weight.reshape(-1, n_out, n_in), "csr")
        return Sparse.of_matrix(sp.csr_array(blocks), in_shape, out_shape), bias

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Returns x Wᵀ."""
        flat: np.ndarray = x.reshape(len(x), -1) @ self.weight.T
        return flat.reshape(len(x), *self.out_shape)

    def matrix(self) -> sp.csr_array:
        """The weight itself, sparse."""
        return sp.csr_array(self.weight)

    def fan_out(self) -> np.ndarray:
        """Returns the fan-out: every source reaches every target."""
        return np.full(self.in_shape, prod(self.out_shape), np.int64)

    def largest_sum(self) -> float:
        """The largest row."""
        return float(np.abs(self.weight).sum(axis=1).max(initial=0.0))

    def with_weight(self, weight: np.ndarray) -> Linear:
        """The same wiring with other weights."""
        return Linear(self.in_shape, self.out_shape, weight)

    def with_gain(self, gain: np.ndarray) -> Linear:
        """Returns it with each row times its target's gain."""
        rows = np.broadcast_to(gain, self.out_shape).reshape(-1, 1)
        return self.with_weight(self.weight * rows)

    def with_input_gain(self, gain: np.ndarray) -> Linear:
        """Returns it with each column times its source's gain."""
        columns = np.broadcast_to(gain, self.in_shape).reshape(-1)
        return self.with_weight(self.weight * columns)
