"""The two crowds that ought to be one: latents of many images, and latents of the prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.posterior import encoder_draw, path_choice
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE, roll_out
from snnvae.train.trace import time_first

CHUNK = 256
"""Images at a time; any number gives the same latents."""
AGAIN, PRIOR = 1, 2
"""Numbers of the draws; the posterior's first is 0."""

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Latents:
    """Spikes per step of each latent, mean over t of z: what the decoder sees, as rates (N, L).

    posterior  one draw for each image: the aggregate posterior
    again      another draw for the same images
    prior      draws of the prior
    """

    posterior: Values
    again: Values
    prior: Values


def draw_latents(subject: DiagnosisCase) -> Latents:
    """Draws latents: as many of the prior as the subject has images.

    Spikes, not rates, are compared: an encoder's rates are multiples of 1/T and a prior's are not,
    which tells them apart but never reaches the decoder.
    """
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for start in range(0, len(subject.images), CHUNK):
        chunk = slice(start, start + CHUNK)
        some = DiagnosisCase(
            subject.net, subject.images[chunk], subject.samples[chunk], subject.seed
        )
        parts.append((encoder_draw(some, 0), encoder_draw(some, AGAIN), prior_draw(some)))
    posterior, again, prior = (
        torch.cat([part.double().mean(0) for part in kind]).numpy() for kind in zip(*parts)
    )
    return Latents(posterior, again, prior)


@torch.no_grad()
def prior_draw(subject: DiagnosisCase) -> Tensor:
    """Latent spikes (T, B, L) of the prior, one draw for each of the subject's samples."""
    net, samples, key = subject.net, subject.samples, subject.key(PRIOR)
    if isinstance(net, FSVAE):
        return roll_out(net.prior, net.config.k, path_choice(net, samples, key))
    assert isinstance(net, ESVAE)
    spikes = net.prior_draw().stream(samples, subject.steps, key, ())
    return time_first(spikes, torch.float32)
