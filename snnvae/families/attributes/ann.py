"""The ANN beside the spiking model: a conditional VAE of the same sizes, with BatchNorm, ReLU and
Gaussian latents. Loss: MSE + weight·KL(N(μ, σ²) ‖ N(0, 1)), summed over latents."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.attributes.known import Known
from snnvae.layers.model import Batch, Losses


class AttributeANN(Known):
    """Encoder → μ, log σ² → z = μ + σ·n → decoder on [z ; a]."""

    def __init__(self, config: object) -> None:
        super().__init__(config)
        c = self.config
        self.encoder = _stack((c.inputs, *c.widths))
        self.mean = nn.Linear(c.widths[-1], c.latent)
        self.log_variance = nn.Linear(c.widths[-1], c.latent)
        self.decoder = _stack((c.latent + c.attributes, *c.decoder_widths))
        self.output = nn.Linear(c.decoder_widths[-1], c.inputs)

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """MSE + weight·KL of values (B, D) and their classes (B,)."""
        x, label = batch
        assert x is not None and label is not None  # noqa: PT018
        hidden = self.encoder(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        # Drawn on the CPU, so that every device sees the same numbers.
        normal = torch.randn(mean.shape, generator=generator).to(mean)
        made = self.decode(mean + torch.exp(log_variance / 2) * normal, label)
        error = F.mse_loss(made, x)
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        return Losses(error + self.config.prior_weight * kl, error, kl)

    def decode(self, z: Tensor, label: Tensor) -> Tensor:
        """(B, L) and classes (B,) → values (B, D)."""
        value: Tensor = self.output(self.decoder(torch.cat([z, self.table[label]], 1)))
        return torch.tanh(value) if self.config.tanh else value

    def encode(self, x: Tensor) -> Tensor:
        """Values (B, D) → the means of their latents (B, L)."""
        mean: Tensor = self.mean(self.encoder(x))
        return mean


def _stack(sizes: Sequence[int]) -> nn.Sequential:
    layers = (
        nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()) for a, b in pairwise(sizes)
    )
    return nn.Sequential(*layers)
