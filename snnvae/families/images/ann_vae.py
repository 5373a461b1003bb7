"""The ANN beside which the spiking VAEs are judged: the same topology with BatchNorm and LeakyReLU.

The VAE that Kamata et al. (arXiv 2110.00375) compare with: Gaussian latents, loss MSE +
weight·KL(N(μ, σ²) ‖ N(0, 1)), summed over latents, mean over images.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.config import Config
from snnvae.families.images.nets import smallest_map
from snnvae.families.images.vae import VAE
from snnvae.layers.model import Losses


def down(image_size: int, channels: int, widths: tuple[int, ...]) -> nn.Sequential:
    """(B, C, H, W) → (B, w·h·w): Conv k3 s2 p1, BatchNorm, LeakyReLU per width, flattened."""
    smallest_map(image_size, widths)
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip((channels, *widths), widths):
        conv = nn.Conv2d(fan_in, fan_out, 3, stride=2, padding=1)
        layers += [conv, nn.BatchNorm2d(fan_out), nn.LeakyReLU()]
    return nn.Sequential(*layers, nn.Flatten())


def up(image_size: int, channels: int, widths: tuple[int, ...], latent: int) -> nn.Sequential:
    """(B, L) → images (B, C, H, W) in (−1, 1), as the spiking decoder, with tanh at its end."""
    side = smallest_map(image_size, widths)
    reverse = tuple(reversed(widths))
    layers: list[nn.Module] = [
        nn.Linear(latent, widths[-1] * side * side),
        nn.Unflatten(1, (widths[-1], side, side)),
    ]
    for fan_in, fan_out in zip(reverse, (*reverse[1:], reverse[-1])):
        conv = nn.ConvTranspose2d(fan_in, fan_out, 3, stride=2, padding=1, output_padding=1)
        layers += [conv, nn.BatchNorm2d(fan_out), nn.LeakyReLU()]
    output = nn.ConvTranspose2d(widths[0], channels, 3, padding=1)
    return nn.Sequential(*layers, output, nn.Tanh())


class Autoencoder(VAE):
    """The network whose L latents are the features of FAD. Loss: MSE."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        shape = (config.image_size, config.channels, config.widths)
        features = config.widths[-1] * smallest_map(config.image_size, config.widths) ** 2
        self.encoder = nn.Sequential(down(*shape), nn.Linear(features, config.latent))
        self.decoder = up(*shape, config.latent)

    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """MSE of a batch."""
        reconstruction = F.mse_loss(self.decode(self.encode(image)), image)
        return Losses(reconstruction, reconstruction, torch.zeros_like(reconstruction))

    def decode(self, z: Tensor) -> Tensor:
        """(B, L) → images (B, C, H, W) in (−1, 1)."""
        image: Tensor = self.decoder(z)
        return image

    def encode(self, image: Tensor) -> Tensor:
        """Images → features (B, L)."""
        features: Tensor = self.encoder(image)
        return features


class AnnVAE(VAE):
    """Encoder → μ, log σ² → z = μ + σ·n → decoder."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        shape = (config.image_size, config.channels, config.widths)
        self.encoder = down(*shape)
        features = config.widths[-1] * smallest_map(config.image_size, config.widths) ** 2
        self.mean = nn.Linear(features, config.latent)
        self.log_variance = nn.Linear(features, config.latent)
        self.decoder = up(*shape, config.latent)

    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """MSE + weight·KL of a batch; `done` has no influence."""
        features = self.encoder(image)
        mean, log_variance = self.mean(features), self.log_variance(features)
        # Drawn on the CPU, so that every device sees the same numbers.
        normal = torch.randn(mean.shape, generator=generator).to(mean)
        reconstruction = F.mse_loss(self.decode(mean + torch.exp(log_variance / 2) * normal), image)
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        return Losses(reconstruction + self.config.prior_weight * kl, reconstruction, kl)

    def decode(self, z: Tensor) -> Tensor:
        """(B, L) → images (B, C, H, W) in (−1, 1)."""
        image: Tensor = self.decoder(z)
        return image

    def encode(self, image: Tensor) -> Tensor:
        """Images → the means of their latents (B, L)."""
        mean: Tensor = self.mean(self.encoder(image))
        return mean
