"""What a training starts from: a new model, or one that was trained."""

from __future__ import annotations

from pathlib import Path

from snnvae.errors import ConfigError
from snnvae.families.images.vae import VAE, SpikingVAE
from snnvae.train import checkpoint
from snnvae.train.config import Config
from snnvae.train.fixed_point import in_fixed_point
from snnvae.train.model import build

SIZES = (
    "model", "image_size", "channels", "widths", "decoder_widths", "latent", "k", "prior_hidden",
    "posterior_hidden", "conditional", "classes",
)  # fmt: skip
"""Settings that decide what weights there are."""


def starting_model(config: Config, source: Path | None) -> VAE:
    """A new model, or the weights of a checkpoint; in fixed point with `qat`.

    ConfigError where the checkpoint is of other sizes, or where `qat` has none to start from.
    """
    if source is None:
        if config.qat:
            raise ConfigError(
                f"`qat` {config.qat} starts from a trained model: name its model.pt with `start`"
            )
        return build(config)
    have, model = checkpoint.load(source)
    for name in SIZES:
        had, wanted = getattr(have, name), getattr(config, name)
        if had != wanted:
            raise ConfigError(
                f"{source} has {name} {had!r}, now it is {wanted!r}: leave it out, or train "
                "without `start`"
            )
    if have.qat and not config.qat:
        raise ConfigError(f"{source} is in fixed point already: add `qat` {have.qat}")
    if config.qat and not have.qat:
        assert isinstance(model, SpikingVAE)
        model = in_fixed_point(model, config.qat)
    model.config = config
    if isinstance(model, SpikingVAE):
        model.steps = config.steps
    return model.train()
