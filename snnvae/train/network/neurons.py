"""A program's neurons in torch: `FloatNeuron.step` and `FixedNeuron.step`, with gradients.

A spike's gradient is that of a fast sigmoid, ∂s/∂v = 1/(θ·(1 + SLOPE·|v − threshold|/θ)²), θ the
threshold's size; rounding, wrapping and a reset pass it on as if they were not there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnvae.primitives import fixed_point
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.of_layer import known_neuron
from snnvae.program import Layer
from snnvae.train.network.passed_through import held_as

SLOPE = 5.0
WHOLE = 1 << fixed_point.DECAY_BITS
UNIT = 1 << fixed_point.ACTIVATION_SHIFT
State = tuple[Tensor, ...]


class Spike(torch.autograd.Function):
    """Whether a membrane fires, 0 or 1, from its distance to the threshold."""

    @staticmethod
    def forward(ctx: Any, above: Tensor, size: Tensor, inclusive: bool) -> Tensor:
        """1 where `above` is more than 0, or 0 itself with `inclusive`."""
        ctx.save_for_backward(above, size)
        return (above >= 0 if inclusive else above > 0).to(above.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """The fast sigmoid's."""
        above, size = ctx.saved_tensors
        return grads[0] / (size * (1 + SLOPE * above.abs() / size) ** 2), None, None


def as_tensor(values: Any) -> Tensor:
    """Numbers in float64."""
    return torch.from_numpy(np.array(values, np.float64))


class Neurons:
    """The neurons of a layer, without their bias, which may be trained."""

    def __init__(self, layer: Layer) -> None:
        neuron = known_neuron(layer.neuron)
        self.shape, self.reset = layer.shape, neuron.reset
        self.spiking, self._inclusive = neuron.spiking, neuron.fires_at_threshold
        self.fixed = isinstance(neuron, FixedNeuron)
        self._start, self._dv = as_tensor(neuron.start), as_tensor(neuron.dv)
        self._du = None if neuron.du is None else as_tensor(neuron.du)
        self._scale, self._origin = as_tensor(layer.scale), as_tensor(neuron.origin)
        if neuron.threshold is not None:
            self._threshold = as_tensor(neuron.threshold) * (UNIT if self.fixed else 1)
            unit = self._scale * UNIT if self.fixed else torch.ones((), dtype=torch.float64)
            size = self._threshold.abs()
            self._size = torch.where(size > 0, size, unit)

    def initial(self, batch: int) -> State:
        """The state before the first step."""
        v = self._start.expand(batch, *self.shape).clone()
        return (v,) if self._du is None else (v, torch.zeros_like(v))

    def to_real(self, v: Tensor) -> Tensor:
        """A membrane in NIR's units."""
        return (v / (self._scale * UNIT) if self.fixed else v) + self._origin

    def step(self, state: State, current: Tensor, bias: Tensor) -> tuple[Tensor, State]:
        """One step: spikes as 0 and 1, or the membrane where there are none; and the new state."""
        if self.fixed:
            u = current * UNIT
            if self._du is not None:
                u = _decayed(state[1], self._du + 1) + u
            u = _wrapped(u)
            v = _clipped(_decayed(state[0], self._dv) + u + bias)
        else:
            u = current if self._du is None else (1 - self._du) * state[1] + current
            v = (1 - self._dv) * state[0] + u + bias
        memory = () if self._du is None else (u,)
        if not self.spiking:
            if self.fixed:
                v = torch.where(v > fixed_point.SILENT_LIMIT, torch.zeros_like(v), v)
            return v, (v, *memory)
        if self.reset in ("subtract-delayed", "subtract-ahead"):
            owed = self._threshold * self._fires(state[0]).detach()
            v = self._within(v - owed)
            spikes = self._fires(v)
            if self.reset == "subtract-ahead":
                v = self._within(v - (self._threshold * spikes.detach() - owed))
            return spikes, (v, *memory)
        spikes = self._fires(v)
        fired = spikes.detach() > 0
        after = torch.zeros_like(v) if self.reset == "zero" else v - self._threshold
        return spikes, (torch.where(fired, after, v), *memory)

    def _fires(self, v: Tensor) -> Tensor:
        spikes: Tensor = Spike.apply(v - self._threshold, self._size, self._inclusive)
        return spikes

    def _within(self, v: Tensor) -> Tensor:
        return _clipped(v) if self.fixed else v


def _decayed(state: Tensor, constant: Tensor) -> Tensor:
    """`fixed_point.decay`; the product has 37 bits at most."""
    real = state * (WHOLE - constant) / WHOLE
    return held_as(real, real.trunc())


def _wrapped(u: Tensor) -> Tensor:
    """`fixed_point.wrap`."""
    limit = fixed_point.STATE_LIMIT
    wrapped = torch.where(u > limit, u - 2 * limit, u)
    return held_as(u, torch.where(wrapped <= -limit, u + 2 * limit, wrapped))


def _clipped(v: Tensor) -> Tensor:
    """`fixed_point.clip`."""
    return v.clamp(-fixed_point.STATE_LIMIT + 1, fixed_point.STATE_LIMIT - 1)
