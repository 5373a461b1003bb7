"""What every primitive offers to the stages: synapses map spikes to currents, neurons integrate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar, Literal

import nir
import numpy as np
import scipy.sparse as sp

Shape = tuple[int, ...]
ResetMode = Literal["zero", "subtract"]
InitialState = Literal["v_reset", "v_leak"]


@dataclass(frozen=True)
class Conventions:
    """What NIR leaves open and a compiler must be told.

    dt: seconds per logical step. reset: after a spike the membrane goes to v_reset ("zero") or
    loses its threshold ("subtract"). initial: membrane before the first step, at v_reset or at
    v_leak (Norse); None where nobody said.
    """

    dt: float
    reset: ResetMode = "zero"
    initial: InitialState | None = None


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
        """The same wiring with other weights."""

    @abstractmethod
    def with_gain(self, gain: np.ndarray) -> Synapse:
        """Every current times `gain` (scalar or of out_shape), folded into the weights."""

    def fan_out_effective(self) -> np.ndarray:
        """As `fan_out`, counting only synapses whose weight is not zero."""
        matrix = self.matrix()
        counts: np.ndarray = np.bincount(matrix.indices, minlength=prod(self.in_shape))
        return counts.astype(np.int64).reshape(self.in_shape)

    def macs(self) -> int:
        """Multiply-accumulates of one dense pass, exact at the borders."""
        return int(self.fan_out().sum())

    def lava(self) -> LavaForm:
        """As a Lava Sparse connection: same sums, mixed-sign 8-bit weights in fixed point."""
        matrix = sp.csr_matrix(self.matrix())
        return LavaForm("lava.proc.sparse.process:Sparse", {"weights": matrix})


class Neuron(ABC):
    """The dynamics of a population of neurons, float or fixed point.

    State is one membrane array; `step` is the definition that every backend must reproduce.
    """

    nir_types: ClassVar[tuple[type, ...]] = ()
    spiking: ClassVar[bool] = True

    @abstractmethod
    def initial(self, batch: int, shape: Shape) -> np.ndarray:
        """Membrane before the first step, (B, *shape)."""

    @abstractmethod
    def step(self, v: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One logical step: (membrane, current) → (output, membrane after any reset)."""

    @abstractmethod
    def to_real(self, v: np.ndarray, scale: float) -> np.ndarray:
        """Membrane in this neuron's units → NIR's units."""

    @abstractmethod
    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """As a stock Lava process that resets its state every `interval` steps at phase `offset`.

        Raises UnsupportedError where no stock process has these dynamics.
        """
