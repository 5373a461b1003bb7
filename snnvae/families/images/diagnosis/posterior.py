"""What the encoder says of an image: rates, and latent spikes drawn from them.

ESVAE has one rate per latent, FSVAE one per latent and step, so rates are (S, B, L) with S = 1 or
T. All draws are the host's, of `snnvae.draws`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from snnvae.draws.rates import Rates, bernoulli_spikes
from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.fsvae import FSVAE, mean_rate, roll_out, shift
from snnvae.train.trace import time_first


@torch.no_grad()
def encoder_rates(subject: DiagnosisCase) -> Tensor:
    """The rates (S, B, L) of the posterior.

    ESVAE: mean over t of the latent spikes. FSVAE: mean over the k candidates of each step, on the
    path of draw 0, since each step's rates depend on what was drawn before.
    """
    net = subject.net
    latent = net.encoder.constant(subject.images, subject.steps)
    if not isinstance(net, FSVAE):
        return latent.mean(0, keepdim=True)
    z = encoder_draw(subject, 0)
    return mean_rate(net.posterior(torch.cat([latent, shift(z)], dim=-1)), net.config.k)


@torch.no_grad()
def encoder_draw(subject: DiagnosisCase, number: int) -> Tensor:
    """Latent spikes (T, B, L) as the model draws them, draw `number`."""
    net = subject.net
    if not isinstance(net, FSVAE):
        return rate_draw(encoder_rates(subject), subject, number)
    latent = net.encoder.constant(subject.images, subject.steps)
    choice = path_choice(net, subject.samples, subject.key(number))
    return roll_out(net.posterior, net.config.k, choice, latent)


def rate_draw(rates: Tensor, subject: DiagnosisCase, number: int) -> Tensor:
    """Draws z = (r > U) of rates (S, B, L) → (T, B, L), with ESVAE's rates exactly what the model
    draws, and for any rates by the same U; independent ones with FSVAE's."""
    per_step, batch, latent = rates.shape
    rows = rates.double().transpose(0, 1).flatten(1).numpy()
    step = subject.net.host_step("encoder")
    drawn = step.drawn if isinstance(step, Rates) else bernoulli_spikes
    spikes = drawn(rows, subject.samples, subject.steps // per_step, subject.key(number))
    return time_first(spikes.reshape(batch, subject.steps, latent), rates.dtype)


def path_choice(net: FSVAE, samples: Sequence[int], key: int) -> Tensor:
    """FSVAE's random choices, one-hot (T, B, L·k)."""
    return time_first(net.choice_draw().stream(samples, net.config.steps, key, ()), torch.float32)
