"""Builds a model from settings."""

from __future__ import annotations

from typing import Any

import torch

from snnvae.errors import ConfigError
from snnvae.layers.model import SpikingModel
from snnvae.machine import memory
from snnvae.plain_text import words_of
from snnvae.train.fixed_point import with_scales
from snnvae.train.settings import Settings


def build(settings: Settings) -> Any:
    """A new model; its weights depend on settings.seed alone, and torch's own seed is left alone.

    With `qat` it is one to load weights and scales into: see `fixed_point.in_fixed_point`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = _planned(settings)
        if torch.get_default_device().type != "meta":
            _check_size(model)
            torch.manual_seed(settings.seed)
            model = settings.family.build(settings)
    return with_scales(model) if settings.qat and isinstance(model, SpikingModel) else model


def _planned(settings: Settings) -> Any:
    """The model without its values; ConfigError for sizes of which none can be made."""
    try:
        with torch.device("meta"):
            return settings.family.build(settings)
    except (RuntimeError, OverflowError, MemoryError) as error:
        raise ConfigError(
            f"a model of these sizes cannot be made ({words_of(error)}): use smaller ones"
        ) from None


def _check_size(model: Any) -> None:
    """ConfigError for weights that this machine cannot hold."""
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    if size > memory():
        raise ConfigError(
            f"the model's weights would take {size / 1e9:,.0f} GB, and this machine has "
            f"{memory() / 1e9:,.0f} GB: use smaller sizes"
        )
