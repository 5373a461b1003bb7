"""ESVAE (Zhan et al., arXiv 2310.14839): latent spikes drawn from reparameterised firing rates."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.draws.draw import Draw, HostStep
from snnvae.draws.even import EvenGaussSigmoid, EvenRates
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.mixture import Mixture
from snnvae.draws.rates import Rates
from snnvae.errors import ConfigError
from snnvae.export.weights import array
from snnvae.families.images.config import MIXTURE, Config
from snnvae.families.images.losses import mmd
from snnvae.families.images.vae import LATENT, SpikingVAE, Z, beside
from snnvae.layers.model import Losses
from snnvae.layers.rate_draw import RateDraw, draw_numbers
from snnvae.layers.wiring import Wiring

SAMPLE_LR_FACTOR = 10.0
"""The prior's layer learns from the MMD alone, ten times as fast as the rest."""

REFERENCE_BATCH = 250
"""The effective learning rate is lr·batch/250."""


class MixturePrior(nn.Module):
    """The numbers of `snnvae.draws.mixture.Mixture`, which `fitted_prior` finds."""

    p: Tensor
    mean: Tensor
    factor: Tensor

    def __init__(self, classes: int, components: int, latent: int) -> None:
        super().__init__()
        p = torch.full((classes, components), 1 / components, dtype=torch.double)
        self.register_buffer("p", p)
        self.register_buffer("mean", torch.zeros(components, latent))
        self.register_buffer("factor", torch.zeros(components, latent, latent))

    def draw(self) -> Mixture:
        """z by its rates."""
        p = array(self.p).astype("float64")
        return Mixture(Z, p / p.sum(1, keepdims=True), array(self.mean), array(self.factor))


class ESVAE(SpikingVAE):
    """Posterior: r_q = mean_t of the latent spikes. Prior: r_p = sigmoid(W·n + b), n ~ N(0, I).

    Either way z[t] = r > U[t]. A prior that is fitted afterwards is a `Mixture`.
    Loss: MSE + weight·MMD²(r_q, r_p). Conditional: the prior's layer
    sees [n ; one-hot class], and rates are compared within each class.
    """

    parts = ("generator", "autoencoder", "encoder", "decoder")

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if config.prior == MIXTURE:
            self.mixture = MixturePrior(config.classes or 1, config.components, config.latent)
        else:
            self.sample = nn.Linear(config.latent + config.classes, config.latent)

    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """MSE + weight·MMD² of a batch; `done` has no influence."""
        steps, batch, latent = self.steps, len(image), self.config.latent
        rate = self.encoder.constant(image, steps).mean(0)
        # Drawn on the CPU, so that every device sees the same numbers.
        shape = (steps, batch, latent)
        uniform = draw_numbers(shape, generator, self.config.even).to(image.device)
        normal = torch.randn(batch, latent, generator=generator).to(image)
        z = RateDraw.apply(rate.expand(shape), uniform)
        prior_rate = torch.sigmoid(self.sample(beside(normal, self.one_hot(label))))
        reconstruction = F.mse_loss(self.decode(z, self.class_spikes(label)), image)
        prior = mmd(rate, prior_rate, label=label if self.config.conditional else None)
        return Losses(reconstruction + self.config.prior_weight * prior, reconstruction, prior)

    def optimizer_groups(self) -> list[dict[str, object]]:
        """The prior's layer ten times as fast as the rest; ConfigError where the prior was fitted
        to the encoder as it is."""
        if self.config.prior == MIXTURE:
            raise ConfigError(
                "the prior was fitted to this encoder as it is: train the model that it was fitted "
                "to, then fit it anew"
            )
        lr = self.config.lr * self.config.batch / REFERENCE_BATCH
        own = set(self.sample.parameters())
        rest = [p for p in self.parameters() if p not in own]
        return [
            {"params": rest, "lr": lr},
            {"params": list(own), "lr": lr * SAMPLE_LR_FACTOR},
        ]

    def stages(self, part: str) -> tuple[str, ...]:
        """The autoencoder is two graphs: its rates need all T steps before the first draw."""
        return ("encoder", "decoder") if part == "autoencoder" else (part,)

    def wiring(self, part: str) -> Wiring:
        """encoder: image → latents; decoder and generator: z → image."""
        if part == "encoder":
            return self.part([self.image_port()], self.encoder_cells())
        if part in ("decoder", "generator"):
            return self.part([self.latent_port()], self.decoder_cells(), conditional=True)
        raise KeyError(part)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """The class, and the prior's spikes for the generator."""
        if part == "encoder":
            return ()
        return self.class_draws() if part == "decoder" else (self.prior_draw(), *self.class_draws())

    def prior_draw(self) -> Draw:
        """z by the prior's rates."""
        if self.config.prior == MIXTURE:
            return self.mixture.draw()
        weight, latent = array(self.sample.weight), self.config.latent
        of_class = weight[:, latent:] if self.config.classes else None
        kind = EvenGaussSigmoid if self.config.even else GaussSigmoid
        return kind(Z, weight[:, :latent], array(self.sample.bias), of_class)

    def host_step(self, part: str) -> HostStep | None:
        """z by the encoder's rates; its decoder will ask for the samples' classes."""
        if part != "encoder":
            return None
        return (EvenRates if self.config.even else Rates)(self.config.classes)

    def prune_host(self, group: str, kept: Tensor) -> None:
        """r_p = sigmoid(W·n + b): the kept rows, and as much noise as there are latents, so that
        the logits are distributed as they were: W' W'ᵀ = W_k W_kᵀ (Cholesky)."""
        if group != LATENT:
            return
        latent = self.config.latent
        weight = self.sample.weight.detach()[kept].double()
        own, of_class = weight[:, :latent], weight[:, latent:]
        covariance = own @ own.T
        floor = 1e-9 * covariance.diagonal().mean().clamp_min(1e-12)
        covariance += floor * torch.eye(len(kept), dtype=torch.double)
        factor = torch.linalg.cholesky(covariance)
        self.sample.weight = nn.Parameter(torch.cat([factor, of_class], 1).float())
        self.sample.bias = nn.Parameter(self.sample.bias.detach()[kept].clone())
