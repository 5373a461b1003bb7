"""The costs of a training step beside its loss: for synaptic operations, and for units that fire.

The budget is a constraint with a Lagrange multiplier λ ≥ 0, learned by gradient ascent, and an
augmented Lagrangian's square, which keeps it from overshooting: with o = log(SOP / budget)

    loss + λ·o + ρ/2·max(o, 0)²,    λ ← max(0, λ + η·clip(o, −1, 1))

so that training settles where the network uses what it may, whatever the scale of the loss. While T
is annealed the budget is in proportion to it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from snnvae.layers.model import SpikingModel
from snnvae.train.operations import Meter
from snnvae.train.settings import Settings

ASCENT, SQUARE = 5e-3, 0.5
"""η, per training step, and ρ."""

LEAST_RATE = 1e-4
"""Spikes per step below which a unit is silent, and is not pushed further."""


class Costs:
    """Adds to the loss of a step of `model` what `config` asks for."""

    def __init__(self, model: SpikingModel, config: Settings) -> None:
        self.model, self.meter, self.config = model, Meter(model), config

    def __call__(self, loss: Tensor, multiplier: float) -> tuple[Tensor, float]:
        """The loss of what has just run, costs added → it, and synaptic operations per image."""
        operations = self.meter.operations()
        if self.config.spike_budget:
            budget = budget_of(self.config, self.model.steps)
            over = torch.log(operations.clamp_min(1) / budget)
            loss = loss + multiplier * over + SQUARE / 2 * over.clamp_min(0) ** 2
        if self.config.unit_penalty:
            loss = loss + self.config.unit_penalty * self._units()
        self.meter.reset()
        return loss, operations.item()

    def _units(self) -> Tensor:
        """Mean over units of √rate: steep near 0, so that what fires little falls silent."""
        rates = torch.cat([r.flatten() for r in self.meter.unit_rates().values()])
        return (rates + LEAST_RATE).sqrt().mean()


def next_multiplier(multiplier: float, operations: float, budget: float) -> float:
    """λ after a step."""
    over = math.log(max(operations, 1.0) / budget)
    return max(0.0, multiplier + ASCENT * min(max(over, -1.0), 1.0))


def budget_of(config: Settings, steps: int) -> float:
    """Synaptic operations per image that a training with T = `steps` is to keep to."""
    return config.spike_budget * steps / config.steps


def steps_at(config: Settings, epoch: int) -> int:
    """T of an epoch, from 0: an equal part of the epochs for each of `anneal` and `steps`."""
    stages = (*config.anneal, config.steps)
    return stages[min(epoch * len(stages) // config.epochs, len(stages) - 1)]
