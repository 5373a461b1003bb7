"""A conditional VAE with spikes: encoder → rates → draw; latent and attribute spikes → decoder.

    r = mean_t encoder(x),   z[t] ~ Bernoulli(r),   x̂ = readout(decoder([z ; a]))

The prior z[t] ~ Bernoulli(p), p learned, is the same for all classes, those never seen too: what
tells classes apart are the attributes a alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.draw import Draw, HostStep
from snnvae.draws.rates import Rates
from snnvae.families.attributes.config import Config
from snnvae.families.attributes.known import Known
from snnvae.layers.model import Batch, Losses, SpikingModel
from snnvae.layers.neuron import Readout
from snnvae.layers.output import LinearOutput
from snnvae.layers.rate_draw import RateDraw
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Link, Port, Wiring, layer

VALUES, Z, ATTRIBUTES = "values", "z", "attributes"
"""Inputs of the parts: a sample, latent spikes, what is known of its class."""
LATENT, VALUE = "latent", "value"
GENERATOR, AUTOENCODER, ENCODER, DECODER = "generator", "autoencoder", "encoder", "decoder"
PRIOR_SPIKES, ATTRIBUTE_SPIKES = 4, 5
"""Sub-streams of random numbers."""


class AttributeVAE(Known, SpikingModel):
    """Loss: MSE + weight·KL, KL = T·Σ_l KL(Bernoulli(r_l) ‖ Bernoulli(p_l)), in nats."""

    parts = (GENERATOR, AUTOENCODER, ENCODER, DECODER)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.encoder = _stack((config.inputs, *config.widths))
        self.encoder[LATENT] = SpikingLayer(nn.Linear(config.widths[-1], config.latent))
        self.decoder = _stack((config.latent + config.attributes, *config.decoder_widths))
        self.value = LinearOutput(config.decoder_widths[-1], config.inputs)
        self.readout = Readout()
        self.prior = nn.Parameter(torch.zeros(config.latent))

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """MSE + weight·KL of values (B, D) and their classes (B,)."""
        x, label = batch
        assert x is not None and label is not None  # noqa: PT018
        rate = self.rates(x)
        shape = (self.steps, *rate.shape)
        # Drawn on the CPU, so that every device sees the same numbers.
        uniform = torch.rand(shape, generator=generator).to(x)
        z = RateDraw.apply(rate.expand(shape), uniform)
        made = self.decode(z, self.attribute_spikes(self.table[label], generator))
        error, kl = F.mse_loss(made, x), self.divergence(rate)
        return Losses(error + self.config.prior_weight * kl, error, kl)

    def rates(self, x: Tensor) -> Tensor:
        """The posterior's rates (B, L) of values (B, D)."""
        first, *others = spiking(self.encoder)
        spikes = first.constant(x, self.steps)
        for each in others:
            spikes = each(spikes)
        return spikes.mean(0)

    def decode(self, z: Tensor, attributes: Tensor) -> Tensor:
        """Spikes (T, B, L) and (T, B, A) → values (B, D)."""
        if self.tally is not None:
            self.tally(Z, z)
            self.tally(ATTRIBUTES, attributes)
        weights = self.readout.weights(len(z))
        *before, last = spiking(self.decoder)
        spikes = torch.cat([z, attributes], -1)
        for each in before:
            spikes = each(spikes)
        value = self.value.weighted(last.weighted(spikes, weights), weights)
        return torch.tanh(value) if self.config.tanh else value

    def attribute_spikes(self, attributes: Tensor, generator: torch.Generator) -> Tensor:
        """Attributes (B, A) in [0, 1] → spikes (T, B, A) at their rates."""
        shape = (self.steps, *attributes.shape)
        if not self.is_graded:
            return attributes.expand(shape)
        uniform = torch.rand(shape, generator=generator).to(attributes)
        return (attributes > uniform).to(attributes)

    def divergence(self, rate: Tensor) -> Tensor:
        """KL of rates (B, L) from the prior's, summed over steps and latents, mean over samples.

        Rates are those of T spikes: they are kept half a spike away from 0 and 1."""
        least = 1 / (2 * self.steps)
        q = rate.clamp(least, 1 - least)
        p = torch.sigmoid(self.prior).clamp(least, 1 - least)
        kl = q * torch.log(q / p) + (1 - q) * torch.log((1 - q) / (1 - p))
        return self.steps * kl.sum(1).mean()

    @property
    def counted(self) -> tuple[str, ...]:
        """The parts that a training step runs."""
        return (AUTOENCODER,)

    def stages(self, part: str) -> tuple[str, ...]:
        """The autoencoder is two graphs: its rates need all T steps before the first draw."""
        return (ENCODER, DECODER) if part == AUTOENCODER else (part,)

    def wiring(self, part: str) -> Wiring:
        """encoder: values → latents; decoder and generator: z, attributes → values."""
        config = self.config
        if part == ENCODER:
            port = Port(VALUES, (config.inputs, 1, 1), analog=(-1.0, 1.0))
            cells = _cells(ENCODER, self.encoder, (VALUES,), {LATENT: LATENT})
            return Wiring((port,), cells, cells[-1].name)
        if part in (DECODER, GENERATOR):
            ports = (
                Port(Z, (config.latent, 1, 1), group=LATENT),
                Port(ATTRIBUTES, (config.attributes, 1, 1)),
            )
            cells = _cells(DECODER, self.decoder, (Z, ATTRIBUTES), {})
            currents = Link(VALUE, self.value, (cells[-1].name,))
            last = Cell("readout", (config.inputs, 1, 1), self.readout, (currents,))
            return Wiring(ports, (*cells, last), last.name, tanh=config.tanh)
        raise KeyError(part)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """The class's attributes, and the prior's spikes for the generator."""
        if part == ENCODER:
            return ()
        shown = Attributes(ATTRIBUTES, self.table.numpy(force=True), ATTRIBUTE_SPIKES)
        if part == DECODER:
            return (shown,)
        return Bernoulli(Z, self.prior_rates(), PRIOR_SPIKES), shown

    def prior_rates(self) -> np.ndarray:
        """p (L,)."""
        return torch.sigmoid(self.prior.detach().double()).numpy(force=True)

    def host_step(self, part: str) -> HostStep | None:
        """z by the encoder's rates; its decoder will ask for the samples' classes."""
        return Rates(self.config.classes) if part == ENCODER else None

    def resized(self, sizes: Mapping[str, int]) -> Config:
        """Settings of a model whose groups have these sizes."""
        config: Config = self.config
        return config.changed(
            widths=[sizes[f"{ENCODER}.{i}"] for i in range(len(config.widths))],
            decoder_widths=[sizes[f"{DECODER}.{i}"] for i in range(len(config.decoder_widths))],
            latent=sizes[LATENT],
        )

    def prune_host(self, group: str, kept: Tensor) -> None:
        """p of the kept latents."""
        if group == LATENT:
            self.prior = nn.Parameter(self.prior.detach()[kept].clone())


def _stack(sizes: Sequence[int]) -> nn.ModuleDict:
    """Linear + tdBN + LIF from each size to the next, by number."""
    layers = (SpikingLayer(nn.Linear(a, b)) for a, b in pairwise(sizes))
    return nn.ModuleDict({str(i): each for i, each in enumerate(layers)})


def spiking(stack: nn.ModuleDict) -> list[SpikingLayer]:
    """The layers of a stack."""
    return [each for each in stack.values() if isinstance(each, SpikingLayer)]


def _cells(
    path: str, stack: nn.ModuleDict, sources: tuple[str, ...], groups: Mapping[str, str]
) -> tuple[Cell, ...]:
    """A stack's spiking layers in a row."""
    cells: list[Cell] = []
    for name, each in stack.items():
        if isinstance(each, SpikingLayer):
            shape = (len(each.synapse.weight), 1, 1)
            cells.append(
                layer(f"{path}.{name}", each, sources, shape, labels=sources,
                      group=groups.get(name, ""))
            )  # fmt: skip
            sources = (cells[-1].name,)
    return tuple(cells)
