"""Neurons on a device: `FloatNeuron.step` and `FixedNeuron.step`, operation by operation.

Every operation is a kernel of its own, so that nothing is contracted to a fused multiply-add, which
rounds once where the definition rounds twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch

from snnvae.hardware_sim.torch_engine.devices import tensor
from snnvae.primitive import Neuron, Shape
from snnvae.primitives import FixedNeuron, FloatNeuron
from snnvae.primitives.fixed_point import (
    ACTIVATION_SHIFT,
    DECAY_BITS,
    SILENT_LIMIT,
    STATE_LIMIT,
)
from snnvae.primitives.of_layer import known_neuron

_WHOLE = 1 << DECAY_BITS


class Cells(ABC):
    """A layer's neurons for B samples: membranes v and currents u, and steps of them.

    beyond: updates that left 24 bits, in fixed point.
    """

    def __init__(self, neuron: Any, batch: int, shape: Shape, device: torch.device) -> None:
        state = [tensor(part, device) for part in neuron.initial(batch, shape)]
        self.v, self.u = state[0], state[-1]
        self.beyond = torch.zeros((), dtype=torch.int64, device=device)
        self._device = device
        self._spiking, self._has_u = neuron.spiking, neuron.du is not None
        self._reset, self._fires_at_threshold = neuron.reset, neuron.fires_at_threshold
        self._ahead = neuron.reset == "subtract-ahead"
        self._late = self._ahead or neuron.reset == "subtract-delayed"
        self._threshold = self._put(neuron.threshold if self._spiking else 0)

    @abstractmethod
    def step(self, current: torch.Tensor) -> torch.Tensor | None:
        """One step: (B, *shape) → spikes, None of neurons that have none; `v` after any reset."""

    def _put(self, values: Any) -> torch.Tensor:
        return tensor(np.asarray(values), self._device)

    def _fires(self, v: torch.Tensor) -> torch.Tensor:
        return v >= self._threshold if self._fires_at_threshold else v > self._threshold

    def _after(self, spikes: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """Membranes after spikes that take effect at once."""
        after = torch.zeros_like(v) if self._reset == "zero" else v - self._threshold
        return torch.where(spikes, after, v)

    def _taken(self, spikes: torch.Tensor) -> torch.Tensor:
        """What spikes subtract."""
        return torch.where(spikes, self._threshold, torch.zeros_like(self.v))


class FloatCells(Cells):
    """The cells of a float program, in float64."""

    def __init__(self, neuron: FloatNeuron, batch: int, shape: Shape, device: torch.device) -> None:
        super().__init__(neuron, batch, shape, device)
        self._keep, self._bias = self._put(1 - neuron.dv), self._put(neuron.bias)
        self._keep_u = self._put(0.0 if neuron.du is None else 1 - neuron.du)

    def step(self, current: torch.Tensor) -> torch.Tensor | None:
        """Computes `FloatNeuron.step`."""
        if self._has_u:
            current = self.u = self._keep_u * self.u + current
        v = self._keep * self.v + current + self._bias
        if not self._spiking:
            self.v = v
            return None
        if self._late:
            owed = self._taken(self._fires(self.v))
            v = v - owed
            spikes = self._fires(v)
            self.v = v - (self._taken(spikes) - owed) if self._ahead else v
            return spikes
        spikes = self._fires(v)
        self.v = self._after(spikes, v)
        return spikes


class FixedCells(Cells):
    """The cells of a fixed-point program, in Loihi's integers, int64."""

    def __init__(self, neuron: FixedNeuron, batch: int, shape: Shape, device: torch.device) -> None:
        super().__init__(neuron, batch, shape, device)
        self._keep, self._bias = self._put(_WHOLE - neuron.dv), self._put(neuron.bias.value)
        self._keep_u = self._put(0 if neuron.du is None else _WHOLE - (neuron.du + 1))
        self._limit = STATE_LIMIT - 1 if neuron.spiking else SILENT_LIMIT
        self._threshold = self._threshold << ACTIVATION_SHIFT

    def step(self, current: torch.Tensor) -> torch.Tensor | None:
        """`FixedNeuron.step` and `saturates`."""
        raw = current << ACTIVATION_SHIFT
        if self._has_u:
            raw = _decay(self.u, self._keep_u) + raw
        u = _wrap(raw)
        if self._has_u:
            self.u = u
        v = _decay(self.v, self._keep) + u + self._bias
        self.beyond += ((raw != u) | (v > self._limit) | (v <= -STATE_LIMIT)).sum()
        v = _clip(v)
        if not self._spiking:
            self.v = torch.where(v > SILENT_LIMIT, torch.zeros_like(v), v)
            return None
        if self._late:
            owed = self._taken(self._fires(self.v))
            v = _clip(v - owed)
            spikes = self._fires(v)
            self.v = _clip(v - (self._taken(spikes) - owed)) if self._ahead else v
            return spikes
        spikes = self._fires(v)
        self.v = self._after(spikes, v)
        return spikes


def cells(neuron: Neuron, batch: int, shape: Shape, device: torch.device) -> Cells:
    """The neurons of a layer, before their first step."""
    neuron = known_neuron(neuron)
    if isinstance(neuron, FixedNeuron):
        return FixedCells(neuron, batch, shape, device)
    return FloatCells(neuron, batch, shape, device)


def _decay(state: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    return torch.sign(state) * ((torch.abs(state) * kept) >> DECAY_BITS)


def _wrap(u: torch.Tensor) -> torch.Tensor:
    wrapped = torch.where(u > STATE_LIMIT, u - 2 * STATE_LIMIT, u)
    return torch.where(wrapped <= -STATE_LIMIT, u + 2 * STATE_LIMIT, wrapped)


def _clip(v: torch.Tensor) -> torch.Tensor:
    return torch.clamp(v, -STATE_LIMIT + 1, STATE_LIMIT - 1)
