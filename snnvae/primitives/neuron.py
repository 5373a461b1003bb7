"""The dynamics that all of NIR's neurons are cases of: a synaptic current u and a membrane v."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import nir
import numpy as np

from snnvae.conventions import Conventions, ResetMode
from snnvae.errors import UnsupportedError
from snnvae.primitive import LavaForm, Neuron, Shape, State, hashed_as
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.lava_lif import lif_reset
from snnvae.primitives.parameters import (
    FixedBias,
    fixed_current_decay,
    fixed_decay,
    fixed_start,
    fixed_threshold,
)

ZERO, ONE = np.zeros(()), np.ones(())


@dataclass(frozen=True, eq=False)
class FloatNeuron(Neuron):
    """``u = (1 − du)·u + I``; ``v = (1 − dv)·v + u + bias``; spike where v > threshold.

    All in float64, in the coordinate where v_reset is 0 (`origin` is v_reset); what multiplies a
    current in NIR is in the weights. Each parameter is a scalar or of the layer's shape. du None: u
    has no memory. threshold None: no spikes, the output is v. fires_at_threshold: a membrane at its
    threshold fires too. start: the first membrane.

    After a spike v = 0; with reset "subtract" v −= threshold; with "subtract-delayed" the threshold
    is subtracted in the next step, after the decay. "subtract-ahead" is that a step ahead: with
    owed = [v above the threshold] of the step before, v −= threshold·owed, then after the spikes
    v −= threshold·(spike − owed).
    """

    dv: np.ndarray
    bias: np.ndarray = field(default_factory=lambda: ZERO)
    start: np.ndarray = field(default_factory=lambda: ZERO)
    du: np.ndarray | None = None
    threshold: np.ndarray | None = None
    origin: np.ndarray = field(default_factory=lambda: ZERO)
    reset: ResetMode = "zero"
    fires_at_threshold: bool = field(default=False, metadata=hashed_as("inclusive"))
    nir_types: ClassVar[tuple[type, ...]] = ()

    @classmethod
    @abstractmethod
    def from_nir(
        cls, node: nir.NIRNode, conventions: Conventions
    ) -> tuple[FloatNeuron, np.ndarray]:
        """The neuron and the gain by which its input currents must be multiplied."""

    @property
    def kind(self) -> str:
        """The primitive's name."""
        return type(self).__name__

    @property
    def spiking(self) -> bool:
        """Tells whether there is a threshold."""
        return self.threshold is not None

    @property
    def bias_value(self) -> np.ndarray:
        """The bias."""
        return self.bias

    @property
    def state_words(self) -> int:
        """The membrane, unless nothing is kept, and the synaptic current where there is one."""
        return int(not self.is_memoryless) + int(self.du is not None)

    @property
    def is_memoryless(self) -> bool:
        """Tells whether nothing of a step reaches the next."""
        return self.du is None and bool(np.all(self.dv == 1)) and self.reset == "zero"

    def initial(self, batch: int, shape: Shape) -> State:
        """Membrane at `start`, current at 0, float64."""
        v = np.broadcast_to(self.start, (batch, *shape)).astype(np.float64)
        return (v,) if self.du is None else (v, np.zeros_like(v))

    def step(self, state: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        """The equations above; spikes are bool."""
        u = current if self.du is None else (1 - self.du) * state[1] + current
        v = (1 - self.dv) * state[0] + u + self.bias
        if self.threshold is None:
            return v, (v, *_memory(self.du, u))
        if self.reset in ("subtract-delayed", "subtract-ahead"):
            owed = np.where(self._fires(state[0]), self.threshold, 0.0)
            v = v - owed
            spikes = self._fires(v)
            if self.reset == "subtract-ahead":
                v = v - (np.where(spikes, self.threshold, 0.0) - owed)
            return spikes, (v, *_memory(self.du, u))
        spikes = self._fires(v)
        after = np.float64(0) if self.reset == "zero" else v - self.threshold
        return spikes, (np.where(spikes, after, v), *_memory(self.du, u))

    def _fires(self, v: np.ndarray) -> np.ndarray:
        fires: np.ndarray = v >= self.threshold if self.fires_at_threshold else v > self.threshold
        return fires

    def to_real(self, v: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
        """Returns to NIR's coordinate."""
        return v + self.origin

    def quantise(self, scale: float | np.ndarray) -> FixedNeuron:
        """The same neuron in fixed point, at `scale` integer weight units per unit of membrane.

        Decays, threshold, bias and start are rounded; the weights are rounded elsewhere.
        UnsupportedError for a threshold below 0, which Loihi cannot hold.
        """
        threshold = self.threshold
        if threshold is not None and (threshold < 0).any():
            raise UnsupportedError("has a threshold below 0; raise it and add a bias instead")
        return FixedNeuron(
            name=self.kind,
            dv=fixed_decay(self.dv, is_memoryless=self.is_memoryless),
            bias=FixedBias.of(self.bias, scale),
            start=fixed_start(self.start, scale),
            du=None if self.du is None else fixed_current_decay(self.du),
            threshold=None if threshold is None else fixed_threshold(threshold, scale),
            origin=self.origin,
            reset=self.reset,
            fires_at_threshold=self.fires_at_threshold,
        )

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset; one that never fires where there are no spikes."""
        never = np.asarray(np.finfo(np.float64).max)
        arguments: dict[str, Any] = {
            "du": ONE if self.du is None else self.du,
            "dv": self.dv,
            "vth": never if self.threshold is None else self.threshold,
            "bias_mant": self.bias,
        }
        timing = (1, 0) if self.is_memoryless else (interval, offset)
        return lif_reset(self, shape, arguments, *timing)


def _memory(du: np.ndarray | None, u: np.ndarray) -> State:
    return () if du is None else (u,)
