"""One synapse from each neuron to its twin: a NIR edge between neurons, without a weight node."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np
import scipy.sparse as sp

from snnvae.errors import UnsupportedError
from snnvae.primitive import Shape, Synapse


@dataclass(frozen=True, eq=False)
class OneToOne(Synapse):
    """``I[n] = w[n] x[n]``; weight: in_shape (= out_shape)."""

    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray

    @classmethod
    def plain(cls, shape: Shape) -> OneToOne:
        """Every weight 1: the edge itself."""
        return cls(shape, shape, np.ones(shape))

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[OneToOne, np.ndarray | None]:
        """No NIR node stands for it."""
        raise UnsupportedError(f"{type(node).__name__} is not an edge")

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Elementwise, in C order where a Flatten lies between."""
        return x.reshape(len(x), *self.out_shape) * self.weight

    def matrix(self) -> sp.csr_array:
        """Diagonal."""
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
        """Each weight times its target's gain."""
        return self.with_weight(self.weight * gain)
