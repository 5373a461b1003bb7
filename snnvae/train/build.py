"""Builds a model from settings."""

from __future__ import annotations

from typing import Any

import torch

from snnvae.layers.model import SpikingModel
from snnvae.train.fixed_point import with_scales
from snnvae.train.settings import Settings


def build(settings: Settings) -> Any:
    """A new model; its weights depend on settings.seed alone, and torch's own seed is left alone.

    With `qat` it is one to load weights and scales into: see `fixed_point.in_fixed_point`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = settings.family.build(settings)
    return with_scales(model) if settings.qat and isinstance(model, SpikingModel) else model
