"""Any linear map, synapse by synapse (our NIR node SparseAffine): what merged nodes become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import nir
import numpy as np
import scipy.sparse as sp

from snnvae.errors import GraphError
from snnvae.primitive import Shape, Synapse
from snnvae.primitives.nir_nodes import SparseAffine


@dataclass(frozen=True, eq=False)
class Sparse(Synapse):
    """``I[o] = Σ_i w[o, i] x[i]`` over the synapses stored; input and output in C order.

    weight: (synapses,), row by row; indices: source of each; indptr: where each target's begin.
    """

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    nir_types = (SparseAffine,)

    @classmethod
    def of(cls, synapse: Synapse) -> Sparse:
        """Another synapse, one by one; those of weight 0 that its geometry joins are kept."""
        pattern = getattr(synapse, "pattern", synapse.matrix)()
        return cls.of_matrix(pattern, synapse.in_shape, synapse.out_shape)

    @classmethod
    def of_matrix(cls, matrix: sp.csr_array, in_shape: Shape, out_shape: Shape) -> Sparse:
        """Makes the synapses of a matrix (n_out, n_in)."""
        rows = sp.csr_array(matrix)
        rows.sort_indices()
        return cls(in_shape, out_shape, rows.data, rows.indices, rows.indptr)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[Sparse, np.ndarray | None]:
        """Reads our node; GraphError where its indices lead outside of its shapes."""
        expected, out_shape = (
            tuple(int(n) for n in np.atleast_1d(s)) for s in (node.input_shape, node.output_shape)
        )
        if in_shape != expected:
            raise GraphError(f"takes an input {expected}, but gets {in_shape}")
        data = np.asarray(node.weight, np.float64)
        indices, indptr = np.asarray(node.indices), np.asarray(node.indptr)
        n_in, n_out = prod(in_shape), prod(out_shape)
        good = (
            indices.dtype.kind in "iu"
            and indptr.dtype.kind in "iu"
            and data.ndim == 1
            and indices.shape == data.shape
            and indptr.shape == (n_out + 1,)
            and indptr[0] == 0
            and indptr[-1] == len(data)
            and bool((np.diff(indptr) >= 0).all())
            and (not len(indices) or (indices.min() >= 0 and indices.max() < n_in))
        )
        if not good:
            raise GraphError("has indices that do not fit its shapes; export the file again")
        bias = np.asarray(node.bias, np.float64)
        if bias.shape != (n_out,):
            raise GraphError(f"bias has shape {bias.shape}, its weight needs ({n_out},)")
        return cls(in_shape, out_shape, data, indices, indptr), bias.reshape(out_shape)

    def pattern(self) -> sp.csr_array:
        """The stored synapses, zeros included."""
        shape = (prod(self.out_shape), prod(self.in_shape))
        return sp.csr_array((self.weight, self.indices, self.indptr), shape=shape)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """W x, target by target."""
        flat = (self.pattern() @ x.reshape(len(x), -1).T).T
        return np.ascontiguousarray(flat).reshape(len(x), *self.out_shape)

    def matrix(self) -> sp.csr_array:
        """The same without zeros."""
        matrix = self.pattern().copy()
        matrix.eliminate_zeros()
        return matrix

    def fan_out(self) -> np.ndarray:
        """Stored synapses of each source."""
        counts = np.bincount(self.indices, minlength=prod(self.in_shape))
        return counts.astype(np.int64).reshape(self.in_shape)

    def with_weight(self, weight: np.ndarray) -> Sparse:
        """The same wiring with other weights."""
        return replace(self, weight=weight)

    def with_gain(self, gain: np.ndarray) -> Sparse:
        """Returns it with each synapse times its target's gain."""
        rows = np.broadcast_to(gain, self.out_shape).reshape(-1)
        return self.with_weight(self.weight * np.repeat(rows, np.diff(self.indptr)))

    def with_input_gain(self, gain: np.ndarray) -> Sparse:
        """Returns it with each synapse times its source's gain."""
        columns = np.broadcast_to(gain, self.in_shape).reshape(-1)
        return self.with_weight(self.weight * columns[self.indices])
