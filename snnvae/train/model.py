"""From settings to a model."""

from __future__ import annotations

import torch

from snnvae.train.config import Config
from snnvae.train.esvae import ESVAE
from snnvae.train.fsvae import FSVAE


def build(config: Config) -> ESVAE | FSVAE:
    """A new model; its weights depend on config.seed alone, and torch's own seed is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return ESVAE(config) if config.model == "esvae" else FSVAE(config)
