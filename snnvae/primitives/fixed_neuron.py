"""Neurons in Loihi's integers: what any of NIR's neurons becomes in a fixed-point program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnvae.conventions import ResetMode
from snnvae.primitive import LavaForm, Neuron, Shape, State, hashed_as
from snnvae.primitives import fixed_point
from snnvae.primitives.lava_lif import lif_reset
from snnvae.primitives.parameters import FixedBias, membrane_units


@dataclass(frozen=True, eq=False)
class FixedNeuron(Neuron):
    """``u = wrap24(decay(u, du + 1) + (Σ w·s << 6))``; ``v = clip24(decay(v, dv) + u + bias)``.

    Spike where v > threshold << 6. The functions are those of `fixed_point`; the membrane counts
    64 per weight unit. du and dv: 12 bits (dv 4096 where nothing is remembered); threshold: 17
    bits, in weight units. The rest is as in `FloatNeuron`. A neuron without a threshold is on Loihi
    a LIF with the largest one: a membrane beyond it has saturated, and returns to 0.
    """

    name: str
    dv: np.ndarray
    bias: FixedBias
    start: np.ndarray
    du: np.ndarray | None = None
    threshold: np.ndarray | None = None
    origin: np.ndarray = field(default_factory=lambda: np.zeros(()))
    reset: ResetMode = "zero"
    fires_at_threshold: bool = field(default=False, metadata=hashed_as("inclusive"))

    @property
    def kind(self) -> str:
        """Name of the primitive that this was."""
        return self.name

    @property
    def spiking(self) -> bool:
        """Tells whether there is a threshold."""
        return self.threshold is not None

    @property
    def bias_value(self) -> np.ndarray:
        """The bias in membrane units."""
        return self.bias.value

    @property
    def state_words(self) -> int:
        """The membrane, unless nothing is kept, and the synaptic current where there is one."""
        return int(not self.is_memoryless) + int(self.du is not None)

    @property
    def is_memoryless(self) -> bool:
        """Tells whether nothing of a step reaches the next."""
        return self.du is None and bool(np.all(self.dv == fixed_point.FORGET))

    def initial(self, batch: int, shape: Shape) -> State:
        """Membrane at `start`, current at 0, int64."""
        v = np.broadcast_to(self.start, (batch, *shape)).astype(np.int64)
        return (v,) if self.du is None else (v, np.zeros_like(v))

    def step(self, state: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        """Integer arithmetic; `current` is the sum of integer weights."""
        u = self._current(state, current)
        v = fixed_point.integrate(state[0], u, self.dv, self.bias.value)
        memory = () if self.du is None else (u,)
        if self.threshold is None:
            v = np.where(v > fixed_point.SILENT_LIMIT, 0, v)
            return v, (v, *memory)
        threshold = self.threshold << fixed_point.ACTIVATION_SHIFT
        if self.reset in ("subtract-delayed", "subtract-ahead"):
            owed = np.where(self._fires(state[0], threshold), threshold, 0)
            v = fixed_point.clip(v - owed)
            spikes = self._fires(v, threshold)
            if self.reset == "subtract-ahead":
                v = fixed_point.clip(v - (np.where(spikes, threshold, 0) - owed))
            return spikes, (v, *memory)
        spikes = self._fires(v, threshold)
        after = np.int64(0) if self.reset == "zero" else v - threshold
        return spikes, (np.where(spikes, after, v), *memory)

    def _current(self, state: State, weighted: np.ndarray) -> np.ndarray:
        """u of this step."""
        kept = 0 if self.du is None else fixed_point.decay(state[1], self.du + 1)
        return fixed_point.wrap(kept + (weighted.astype(np.int64) << fixed_point.ACTIVATION_SHIFT))

    def _fires(self, v: np.ndarray, threshold: np.ndarray) -> np.ndarray:
        fires: np.ndarray = v >= threshold if self.fires_at_threshold else v > threshold
        return fires

    def saturates(self, state: State, current: np.ndarray) -> np.ndarray:
        """Tells where a step wraps the current or clips the membrane (bool, shape of v)."""
        kept = 0 if self.du is None else fixed_point.decay(state[1], self.du + 1)
        unwrapped = kept + (current.astype(np.int64) << fixed_point.ACTIVATION_SHIFT)
        u = self._current(state, current)
        v = fixed_point.decay(state[0], self.dv) + u + self.bias.value
        limit = fixed_point.STATE_LIMIT - 1 if self.spiking else fixed_point.SILENT_LIMIT
        beyond: np.ndarray = (unwrapped != u) | (v > limit) | (v <= -fixed_point.STATE_LIMIT)
        return beyond

    def to_real(self, v: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
        """Integer membrane → NIR's units and coordinate."""
        real: np.ndarray = v / membrane_units(scale) + self.origin
        return real

    def lava(self, shape: Shape, interval: int, offset: int) -> LavaForm:
        """LIFReset; with the largest threshold where there are no spikes."""
        largest = np.asarray(fixed_point.THRESHOLD_MAX)
        whole = np.asarray(fixed_point.DECAY_MAX)
        arguments: dict[str, Any] = {
            "du": whole if self.du is None else self.du,
            "dv": whole if self.is_memoryless else self.dv,
            "vth": largest if self.threshold is None else self.threshold,
            "bias_mant": self.bias.mantissa,
        }
        timing = (1, 0) if self.is_memoryless else (interval, offset)
        form = lif_reset(self, shape, arguments, *timing)
        return LavaForm(form.process, {**form.arguments, "bias_exp": self.bias.exponent})
