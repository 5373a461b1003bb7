"""From settings to a model."""

from __future__ import annotations

import torch

from snnvae.families.images.ann_vae import AnnVAE, Autoencoder
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.train.config import Config
from snnvae.train.fixed_point import with_scales

KINDS: dict[str, type[ESVAE] | type[FSVAE] | type[AnnVAE] | type[Autoencoder]] = {
    "esvae": ESVAE,
    "fsvae": FSVAE,
    "ann-vae": AnnVAE,
    "autoencoder": Autoencoder,
}


def build(config: Config) -> ESVAE | FSVAE | AnnVAE | Autoencoder:
    """A new model; its weights depend on config.seed alone, and torch's own seed is left alone.

    With `qat` it is one to load weights and scales into: see `fixed.convert.in_fixed_point`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = KINDS[config.model](config)
    if config.qat and isinstance(model, SpikingVAE):
        return with_scales(model)
    return model
