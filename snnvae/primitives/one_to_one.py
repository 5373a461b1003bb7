"""One synapse from each neuron to its twin: NIR Scale, or an edge without a weight node."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np
import scipy.sparse as sp

from snnvae.errors import GraphError
from snnvae.primitive import Shape, Synapse


@dataclass(frozen=True, eq=False)
class OneToOne(Synapse):
    """``I[n] = w[n] x[n]``; weight: in_shape (= out_shape)."""

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray
    nir_types = (nir.Scale,)

    @classmethod
    def plain(cls, shape: Shape) -> OneToOne:
        """Makes the edge itself: every weight is 1."""
        return cls(shape, shape, np.ones(shape))

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[OneToOne, np.ndarray | None]:
        """Reads a Scale."""
        weight = np.asarray(node.scale, np.float64)
        if weight.shape != in_shape:
            raise GraphError(f"scales an input {weight.shape}, but gets {in_shape}")
        return cls(in_shape, in_shape, weight), None

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Elementwise, in C order where a Flatten lies between."""
        return x.reshape(len(x), *self.out_shape) * self.weight.reshape(self.out_shape)

    def matrix(self) -> sp.csr_array:
        """Returns a diagonal matrix."""
        flat = self.weight.reshape(-1)
        at = np.flatnonzero(flat)
        return sp.csr_array((flat[at], (at, at)), shape=(flat.size, flat.size))

    def fan_out(self) -> np.ndarray:
        """One target each."""
        return np.ones(self.in_shape, np.int64)

    def with_weight(self, weight: np.ndarray) -> OneToOne:
        """The same wiring with other weights."""
        return OneToOne(self.in_shape, self.out_shape, weight)

    def with_gain(self, gain: np.ndarray) -> OneToOne:
        """Returns it with each weight times its target's gain."""
        return self.with_weight(self.weight * np.broadcast_to(gain, self.out_shape))

    def with_input_gain(self, gain: np.ndarray) -> OneToOne:
        """Returns it with each weight times its source's gain."""
        same = np.broadcast_to(gain, self.in_shape).reshape(self.out_shape)
        return self.with_weight(self.weight.reshape(self.out_shape) * same)
