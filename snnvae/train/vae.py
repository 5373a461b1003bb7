"""What ESVAE and FSVAE share: encoder, decoder, readout, folding."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from snnvae.train.blocks import Decoder, Encoder, SpikingLayer, fold_all
from snnvae.train.config import Config
from snnvae.train.neuron import Readout

Model = TypeVar("Model", bound="SpikingVAE")


class Losses(NamedTuple):
    """What a training step minimises (total), and its two parts, unweighted."""

    total: Tensor
    reconstruction: Tensor
    prior: Tensor


class VAE(nn.Module, ABC):
    """What the training loop trains."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def loss(self, image: Tensor, generator: torch.Generator, done: float) -> Losses:
        """Losses of a batch (B, C, H, W) in [−1, 1]; `done` is the part of the training behind."""

    def forward(self, image: Tensor, generator: torch.Generator, done: float) -> Losses:
        """`loss`, under the name by which wrappers for several devices call it."""
        return self.loss(image, generator, done)

    def optimizer_groups(self) -> list[dict[str, object]]:
        """Parameter groups with their learning rates; here one for all."""
        return [{"params": list(self.parameters()), "lr": self.config.lr}]


class SpikingVAE(VAE):
    """encoder → latent draw → decoder → readout → tanh; time is the first axis inside."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        shape = (config.image_size, config.channels, config.widths, config.latent)
        self.encoder = Encoder(*shape)
        self.decoder = Decoder(*shape)
        self.readout = Readout()

    def decode(self, z: Tensor) -> Tensor:
        """Latent spikes (T, B, L) → images (B, C, H, W) in (−1, 1)."""
        return torch.tanh(self.decoder.weighted(z, self.readout.weights(len(z))))

    @property
    def is_folded(self) -> bool:
        """Whether tdBN is folded away."""
        layers = [m for m in self.modules() if isinstance(m, SpikingLayer)]
        return all(isinstance(layer.norm, nn.Identity) for layer in layers)

    def folded(self: Model) -> Model:
        """The deployable form: a copy in evaluation mode, tdBN inside float32 synapses."""
        model = copy.deepcopy(self).eval()
        fold_all(model)
        return model.requires_grad_(False)
