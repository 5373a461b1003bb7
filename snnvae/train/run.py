"""Runs the deployable form of a model, or one part of it, on a given stimulus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from snnvae.train.esvae import ESVAE
from snnvae.train.fsvae import FSVAE, roll_out
from snnvae.train.vae import SpikingVAE

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
    if set(stimulus) != set(parts[part]):
        raise ValueError(f"{part} takes {', '.join(parts[part])}, not {', '.join(stimulus)}")
    latent = model.encoder(stimulus["image"]) if "image" in stimulus else None
    z = stimulus.get("z")
    if isinstance(model, FSVAE) and "choice" in stimulus:
        net = model.prior if latent is None else model.posterior
        z = roll_out(net, model.config.k, stimulus["choice"], latent)
    ends_in_image = part in ("decoder", "generator", "autoencoder")
    readout = model.readout(model.decoder(z))[-1] if ends_in_image else None
    return Outputs(latent, z, readout)
