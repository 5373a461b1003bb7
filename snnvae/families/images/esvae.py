"""ESVAE (Zhan et al., arXiv 2310.14839): latent spikes drawn from reparameterised firing rates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.losses import mmd
from snnvae.families.images.vae import Losses, SpikingVAE, beside
from snnvae.train.config import Config

DRAW_HALF_WIDTH = 0.5
"""|r − U| below which the gradient of a draw passes, with height 1."""

SAMPLE_LR_FACTOR = 10.0
"""The prior's layer learns from the MMD alone, ten times as fast as the rest."""

REFERENCE_BATCH = 250
"""The effective learning rate is lr·batch/250."""


class RateDraw(torch.autograd.Function):
    """z = (r > U); ∂z/∂r is replaced by [|r − U| < 0.5]."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, uniform: Tensor) -> Tensor:
        """The draw, 0.0 or 1.0, of the shape of both."""
        ctx.save_for_backward(rate, uniform)
        return (rate > uniform).to(rate.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradient of the rate; the uniform has none."""
        rate, uniform = ctx.saved_tensors
        return grads[0] * ((rate - uniform).abs() < DRAW_HALF_WIDTH), None


class ESVAE(SpikingVAE):
    """Posterior: r_q = mean_t of the latent spikes. Prior: r_p = sigmoid(W·n + b), n ~ N(0, I).

    Either way z[t] = r > U[t]. Loss: MSE + weight·MMD²(r_q, r_p). Conditional: the prior's layer
    sees [n ; one-hot class], and rates are compared within each class.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.sample = nn.Linear(config.latent + config.classes, config.latent)

    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """MSE + weight·MMD² of a batch; `done` has no influence."""
        steps, batch, latent = self.steps, len(image), self.config.latent
        rate = self.encoder.constant(image, steps).mean(0)
        # Drawn on the CPU, so that every device sees the same numbers.
        uniform = torch.rand(steps, batch, latent, generator=generator).to(image.device)
        normal = torch.randn(batch, latent, generator=generator).to(image.device)
        z = RateDraw.apply(rate.expand(steps, batch, latent), uniform)
        prior_rate = torch.sigmoid(self.sample(beside(normal, self.one_hot(label))))
        reconstruction = F.mse_loss(self.decode(z, self.class_spikes(label)), image)
        prior = mmd(rate, prior_rate, label=label if self.config.conditional else None)
        return Losses(reconstruction + self.config.prior_weight * prior, reconstruction, prior)

    def optimizer_groups(self) -> list[dict[str, object]]:
        """The prior's layer ten times as fast as the rest."""
        lr = self.config.lr * self.config.batch / REFERENCE_BATCH
        own = set(self.sample.parameters())
        rest = [p for p in self.parameters() if p not in own]
        return [
            {"params": rest, "lr": lr},
            {"params": list(own), "lr": lr * SAMPLE_LR_FACTOR},
        ]
