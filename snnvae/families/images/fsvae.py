"""FSVAE (Kamata, Mukuta, Harada, AAAI 2022): autoregressive Bernoulli sampling of latent spikes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.losses import bernoulli_kl, psp_distance
from snnvae.families.images.nets import AutoregressiveNet
from snnvae.families.images.vae import Losses, SpikingVAE, beside
from snnvae.train.config import Config

SCHEDULED_FROM_STEP = 5
SCHEDULED_FIRST, SCHEDULED_LAST = 0.1, 0.3
SCHEDULED_NOISE = 1e-3
"""Scheduled sampling: from which step on, with what probability at the first and the last epoch,
and the noise that decides between equally many silent and firing candidates."""


def select(candidates: Tensor, choice: Tensor, k: int) -> Tensor:
    """The chosen one of each latent's k candidate spikes: (…, L·k), one-hot (…, L·k) → z (…, L)."""
    chosen = candidates * choice
    return chosen.view(*chosen.shape[:-1], -1, k).sum(-1)


def mean_rate(candidates: Tensor, k: int) -> Tensor:
    """The rate of the Bernoulli that a uniform choice among k draws from: (…, L·k) → (…, L)."""
    return candidates.view(*candidates.shape[:-1], -1, k).mean(-1)


def shift(z: Tensor) -> Tensor:
    """z[t] → z[t−1] along the first axis, z[−1] = 0, without gradient."""
    return torch.cat([torch.zeros_like(z[:1]), z[:-1]]).detach()


def roll_out(
    net: AutoregressiveNet,
    k: int,
    choice: Tensor,
    context: Tensor | None = None,
    classes: Tensor | None = None,
) -> Tensor:
    """z[t] chosen from net([context[t] ; z[t−1] ; classes[t]]), z[−1] = 0, step by step.

    choice (T, B, L·k) one-hot, context (T, B, L) or None, classes (T, B, C) or None → z (T, B, L).
    The neurons' state is carried, so T steps cost T steps; the result is that of running the whole
    prefix at each step.
    """
    z, state, drawn = choice.new_zeros(*choice.shape[1:-1], choice.shape[-1] // k), None, []
    for t in range(len(choice)):
        x = z if context is None else torch.cat([context[t], z], dim=-1)
        x = x if classes is None else beside(x, classes[t])
        candidates, state = net.step(x, state)
        z = select(candidates, choice[t], k)
        drawn.append(z)
    return torch.stack(drawn)


@contextmanager
def running_statistics(net: nn.Module) -> Iterator[None]:
    """No gradient, and tdBN by its running statistics: a batch's own, over all T, are not known
    while its steps are being drawn (the authors recompute those of each prefix, in O(T²))."""
    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        net.train(training)


class FSVAE(SpikingVAE):
    """Prior p(z_t | z_<t) and posterior q(z_t | x_≤t, z_<t): z_t is one of k candidate spikes.

    Loss: MSE + weight·mean[(PSP(q̄) − PSP(p̄))²], q̄ and p̄ the means over the k candidates.
    Conditional: the prior sees [z_{t−1} ; class], the class as spikes; the posterior does not.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        size = (config.latent, config.k)
        self.posterior = AutoregressiveNet(2 * config.latent, *size, config.posterior_hidden)
        self.prior = AutoregressiveNet(config.latent + config.classes, *size, config.prior_hidden)

    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """MSE + weight·distance of a batch; `done` raises the probability of scheduled sampling.

        One pass without gradients draws z; one with gradients sees it, shifted, and selects again
        by the same choice, so that the gradient reaches the selected candidates.
        """
        config, k = self.config, self.config.k
        shape = (self.steps, len(image), config.latent)
        latent = self.encoder.constant(image, self.steps)
        # Drawn on the CPU, so that every device sees the same numbers.
        index = torch.randint(k, shape, generator=generator).to(image.device)
        choice = F.one_hot(index, k).flatten(-2).to(image.dtype)
        with running_statistics(self.posterior):
            drawn = roll_out(self.posterior, k, choice, latent)
        q = self.posterior(torch.cat([latent, shift(drawn)], dim=-1))
        z = select(q, choice, k)
        classes = self.class_spikes(label)
        p = self.prior(beside(self._scheduled(z.detach(), generator, done, classes), classes))
        reconstruction = F.mse_loss(self.decode(z, classes), image)
        distance = psp_distance if config.prior_loss == "psp" else bernoulli_kl
        prior = distance(mean_rate(q, k), mean_rate(p, k))
        return Losses(reconstruction + config.prior_weight * prior, reconstruction, prior)

    def _scheduled(
        self, z: Tensor, generator: torch.Generator, done: float, classes: Tensor | None = None
    ) -> Tensor:
        """The prior's input: shifted z, in which some steps are its own guess (mean > 1/2)."""
        probability = SCHEDULED_FIRST + (SCHEDULED_LAST - SCHEDULED_FIRST) * done
        own = torch.rand(len(z) - 1, generator=generator) < probability
        own[:SCHEDULED_FROM_STEP] = False
        x, state = shift(z), None
        with running_statistics(self.prior):
            # Nothing is asked of the prior after the last step that it guesses.
            for t in range(max(own.nonzero().flatten().tolist(), default=-1) + 1):
                seen = x[t] if classes is None else beside(x[t], classes[t])
                candidates, state = self.prior.step(seen, state)
                if own[t]:
                    rate = mean_rate(candidates, self.config.k)
                    noise = torch.randn(rate.shape, generator=generator).to(rate.device)
                    x[t + 1] = (rate + SCHEDULED_NOISE * noise > 0.5).to(z.dtype)
        return x
