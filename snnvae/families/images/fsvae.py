"""FSVAE (Kamata, Mukuta, Harada, AAAI 2022): autoregressive Bernoulli sampling of latent spikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from snnvae.draws.draw import Draw
from snnvae.draws.one_hot import OneHot
from snnvae.families.images.config import Config
from snnvae.families.images.losses import bernoulli_kl, psp_distance
from snnvae.families.images.nets import AutoregressiveNet
from snnvae.families.images.vae import LATENT, SpikingVAE, Z, beside
from snnvae.layers.model import Losses
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Delay, Link, Port, Threshold, Wiring, layer

CHOICE = "choice"
"""The input that says which candidate each latent takes."""

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
    """Runs without gradients, and tdBN by its running statistics: a batch's own, over all T,
    are not known while its steps are being drawn (the authors recompute those of each prefix, in
    O(T²))."""
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

    parts = ("generator", "autoencoder", "encoder", "decoder", "prior", "posterior")

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        latent, size, neurons = config.latent, (config.latent, config.k), config.neurons
        self.posterior = AutoregressiveNet(2 * latent, *size, config.posterior_hidden, neurons)
        if config.identity:
            self.posterior.add_identity(config.identity)
        inputs = latent + config.classes
        self.prior = AutoregressiveNet(inputs, *size, config.prior_hidden, neurons)

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

    def wiring(self, part: str) -> Wiring:
        """encoder: image → latents; decoder: z → image; prior and posterior: the sampler's loop,
        by itself and behind the encoder; generator and autoencoder: these with the decoder."""
        image, latents = self.image_port(), self.config.latent
        choice = Port(CHOICE, (latents * self.config.k, 1, 1), per_step=latents)
        if part == "encoder":
            return self.part([image], self.encoder_cells())
        if part == "decoder":
            return self.part([self.latent_port()], self.decoder_cells(), conditional=True)
        if part in ("prior", "generator"):
            sources = ("z.delay", *(port.name for port in self.class_ports()))
            cells = self._sampler_cells("prior", sources, ("z", "class")[: len(sources)])
            decoder = self.decoder_cells() if part == "generator" else ()
            return self.part([choice], [*cells, *decoder], conditional=True)
        if part in ("posterior", "autoencoder"):
            latent = self.encoder_cells()
            cells = self._sampler_cells("posterior", (latent[-1].name, "z.delay"), ("x", "z"))
            decoder = self.decoder_cells() if part == "autoencoder" else ()
            return self.part([image, choice], [*latent, *cells, *decoder], bool(decoder))
        raise KeyError(part)

    def _sampler_cells(
        self, prefix: str, sources: tuple[str, ...], labels: tuple[str, ...]
    ) -> list[Cell]:
        """z[t−1] → net → k candidates per latent → the chosen one → z[t]."""
        net: AutoregressiveNet = getattr(self, prefix)
        latents = (self.config.latent, 1, 1)
        cells = [Cell("z.delay", latents, Delay(), (Link("", None, (Z,)),), group=LATENT)]
        *_, last = net
        for name, neuron in net.items():
            assert isinstance(neuron, SpikingLayer)
            shape = (len(neuron.synapse.weight), 1, 1)
            group, blocks = (LATENT, self.config.k) if name == last else ("", 1)
            path = f"{prefix}.{name}"
            cells.append(
                layer(path, neuron, sources, shape, labels=labels, group=group, blocks=blocks)
            )
            sources = (cells[-1].name,)
        # A candidate and its choice together exceed 1.5; at most one of a latent's k does.
        both = Link("", None, (cells[-1].name, CHOICE))
        cells.append(Cell("select", shape, Threshold(1.5), (both,), echo=Z))
        total = Link("z.sum", self._sum(), ("select",))
        cells.append(Cell(Z, latents, Threshold(0.5), (total,), group=LATENT))
        return cells

    def _sum(self) -> nn.Linear:
        """Returns the synapse that adds up each latent's k places."""
        latent, like = self.config.latent, next(self.parameters())
        total = skip_init(nn.Linear, latent * self.config.k, latent)
        ones = torch.kron(torch.eye(latent), torch.ones(1, self.config.k))
        total.weight = nn.Parameter(ones.to(like))
        total.bias = nn.Parameter(torch.zeros(latent).to(like))
        return total.requires_grad_(False)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """The choice among each latent's candidates, and the class."""
        by_class = () if part in ("encoder", "posterior") else self.class_draws()
        return by_class if part in ("encoder", "decoder") else (self.choice_draw(), *by_class)

    def choice_draw(self) -> OneHot:
        """Returns the draw that says which of each latent's k candidates is taken."""
        return OneHot(CHOICE, self.config.latent, self.config.k)

    def resized(self, sizes: Mapping[str, int]) -> Config:
        """The hidden layers of prior and posterior too."""
        nets = ("prior", "posterior")
        hidden = {f"{net}_hidden": (sizes[f"{net}.0"], sizes[f"{net}.1"]) for net in nets}
        return super().resized(sizes).changed(**hidden)
