"""Runs the deployable form of a model, or one part of it, on a given stimulus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE, roll_out
from snnvae.families.images.vae import SpikingVAE, beside

PARTS: dict[type[SpikingVAE], dict[str, tuple[str, ...]]] = {
    ESVAE: {"encoder": ("image",), "decoder": ("z",), "generator": ("z",)},
    FSVAE: {
        "encoder": ("image",),
        "decoder": ("z",),
        "prior": ("choice",),
        "posterior": ("image", "choice"),
        "generator": ("choice",),
        "autoencoder": ("image", "choice"),
    },
}
"""The parts of each model, and the inputs that each takes, all time first:
image (T, B, C, H, W), z (T, B, L) spikes, choice (T, B, L·k) one-hot."""


CONDITIONED = ("decoder", "prior", "generator", "autoencoder")
"""Parts that take a conditional model's class too: class (T, B, classes), one-hot spikes."""


def inputs_of(model: SpikingVAE, part: str) -> tuple[str, ...]:
    """The inputs of a part of this model; KeyError if it has no such part."""
    takes_class = model.config.conditional and part in CONDITIONED
    return PARTS[type(model)][part] + (("class",) if takes_class else ())


class Outputs(NamedTuple):
    """What a part ends in; None where it does not get that far."""

    latent: Tensor | None
    """Spikes of encoder.latent (T, B, L)."""
    z: Tensor | None
    """Latent spikes that the decoder sees (T, B, L)."""
    readout: Tensor | None
    """Membrane of the readout at the last step (B, C, H, W), before tanh."""


@torch.no_grad()
def run(model: SpikingVAE, part: str, stimulus: Mapping[str, Tensor]) -> Outputs:
    """Runs `part` of a model in evaluation mode; the stimulus has the model's own precision."""
    parts = PARTS[type(model)]
    if part not in parts:
        raise ValueError(f"{type(model).__name__} has no part {part!r}: {', '.join(parts)}")
    inputs = inputs_of(model, part)
    if set(stimulus) != set(inputs):
        raise ValueError(f"{part} takes {', '.join(inputs)}, not {', '.join(stimulus)}")
    latent = model.encoder(stimulus["image"]) if "image" in stimulus else None
    z, classes = stimulus.get("z"), stimulus.get("class")
    if isinstance(model, FSVAE) and "choice" in stimulus:
        k, choice = model.config.k, stimulus["choice"]
        if latent is None:
            z = roll_out(model.prior, k, choice, classes=classes)
        else:
            z = roll_out(model.posterior, k, choice, latent)
    if part not in ("decoder", "generator", "autoencoder"):
        return Outputs(latent, z, None)
    assert z is not None
    return Outputs(latent, z, model.readout(model.decoder(beside(z, classes)))[-1])
