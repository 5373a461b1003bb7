"""What every primitive offers to the stages: synapses map spikes to currents, neurons integrate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

import nir
import numpy as np
import scipy.sparse as sp

Shape = tuple[int, ...]
MAX_VALUES = 1 << 24
"""Most values that the nodes of a graph give in a step; more is damage or malice. A neuron whose
parameters one value states takes some 140 bytes to compile, so that 36 kB cannot ask for more than
2.3 GB. (VGG-16 on images of 224 pixels has 15 million.)"""
State = tuple[np.ndarray, ...]
"""What neurons remember, each (B, *shape): the membrane v first, then the synaptic current u."""


def hashed_as(name: str) -> Mapping[str, str]:
    """A field's former name, so that recordings with a digest of then still match their program."""
    return {"hashed_as": name}


@dataclass(frozen=True)
class LavaForm:
    """A stock Lava process as data: where its class lives and its constructor's arguments."""

    process: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Synapse(ABC):
    """A linear map from the outputs of a population to the currents of a layer."""

    nir_types: ClassVar[tuple[type, ...]] = ()
    in_shape: Shape
    out_shape: Shape
    weight: np.ndarray

    @classmethod
    @abstractmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[Synapse, np.ndarray | None]:
        """The synapse of a NIR node and its bias, of out_shape (None if it has none)."""

    @abstractmethod
    def apply(self, x: np.ndarray) -> np.ndarray:
        """Reference: (B, *in_shape) → (B, *out_shape), in the dtype of the weights and x."""

    @abstractmethod
    def matrix(self) -> sp.csr_array:
        """The same map as a sparse matrix (n_out, n_in), C order; zeros are dropped."""

    @abstractmethod
    def fan_out(self) -> np.ndarray:
        """Synapses that one spike reaches, zero weights included: int64 of in_shape."""

    @abstractmethod
    def with_weight(self, weight: np.ndarray) -> Synapse:
        """Returns the same wiring with other weights."""

    @abstractmethod
    def with_gain(self, gain: np.ndarray) -> Synapse:
        """Returns it with every current times `gain` (scalar or of out_shape),
        folded into the weights."""

    @abstractmethod
    def with_input_gain(self, gain: np.ndarray) -> Synapse:
        """Returns it with every input times `gain` (scalar or of in_shape),
        folded into the weights."""

    def fan_out_effective(self) -> np.ndarray:
        """Counts as `fan_out` does, but only synapses whose weight is not zero."""
        matrix = self.matrix()
        counts: np.ndarray = np.bincount(matrix.indices, minlength=prod(self.in_shape))
        return counts.astype(np.int64).reshape(self.in_shape)

    def largest_sum(self) -> float:
        """A bound of Σ|w| over the synapses of any target."""
        return float(abs(self.matrix()).sum(axis=1).max(initial=0.0))

    def macs(self) -> int:
        """Multiply-accumulates of one dense pass, exact at the borders."""
        return int(self.fan_out().sum())


class Neuron(ABC):
    """The dynamics of a population of neurons, float or fixed point.

    `step` is the definition that every backend must reproduce. bias: what is added to the membrane
    at every step, in its units, scalar or of the layer's shape.
    """

    @property
    @abstractmethod
    def kind(self) -> str:
        """Name of the primitive."""

    @property
    @abstractmethod
    def spiking(self) -> bool:
        """Tells whether the output is spikes (bool); else it is the membrane."""

    @property
    @abstractmethod
    def bias_value(self) -> np.ndarray:
        """The bias in the membrane's units."""

    @property
    @abstractmethod
    def state_words(self) -> int:
        """Numbers that a neuron must remember from one step to the next."""

    @abstractmethod
    def initial(self, batch: int, shape: Shape) -> State:
        """State before the first step."""

    @abstractmethod
    def step(self, state: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        """One logical step: (state, current) → (output, state after any reset)."""

    @abstractmethod
    def to_real(self, v: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
        """Membrane in this neuron's units → NIR's units."""

    @abstractmethod
    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """Returns a stock Lava process that resets its state every `interval` steps at phase
        `offset`.

        Its arrays are flat, in C order. Raises UnsupportedError where no stock process has these
        dynamics.
        """
