"""From settings to a model."""

from __future__ import annotations

import torch

from snnvae.train.ann_vae import AnnVAE, Autoencoder
from snnvae.train.config import Config
from snnvae.train.esvae import ESVAE
from snnvae.train.fsvae import FSVAE

KINDS: dict[str, type[ESVAE] | type[FSVAE] | type[AnnVAE] | type[Autoencoder]] = {
    "esvae": ESVAE,
    "fsvae": FSVAE,
    "ann-vae": AnnVAE,
    "autoencoder": Autoencoder,
}


def build(config: Config) -> ESVAE | FSVAE | AnnVAE | Autoencoder:
    """A new model; its weights depend on config.seed alone, and torch's own seed is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return KINDS[config.model](config)
