"""What ESVAE and FSVAE share: encoder, decoder, readout, folding."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.train.blocks import Decoder, Encoder, SpikingLayer, fold_all
from snnvae.train.config import Config
from snnvae.train.neuron import Readout

Model = TypeVar("Model", bound="SpikingVAE")


class Losses(NamedTuple):
    """What a training step minimises (total), and its two parts, unweighted."""

    total: Tensor
    reconstruction: Tensor
    prior: Tensor


def beside(x: Tensor, classes: Tensor | None) -> Tensor:
    """[x ; classes] along the last axis; x itself where no class takes part."""
    return x if classes is None else torch.cat([x, classes.to(x.dtype)], dim=-1)


class VAE(nn.Module, ABC):
    """What the training loop trains."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """Losses of a batch (B, C, H, W) in [−1, 1]; `done` is the part of the training behind.

        label: the images' classes (B,) int64, which a conditional model needs.
        """

    def forward(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """`loss`, under the name by which wrappers for several devices call it."""
        return self.loss(image, generator, done, label)

    def optimizer_groups(self) -> list[dict[str, object]]:
        """Parameter groups with their learning rates; here one for all."""
        return [{"params": list(self.parameters()), "lr": self.config.lr}]


class SpikingVAE(VAE):
    """encoder → latent draw → decoder → readout → tanh; time is the first axis inside."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        shape = (config.image_size, config.channels, config.widths)
        self.encoder = Encoder(*shape, config.latent)
        self.decoder = Decoder(*shape, config.latent + config.classes)
        self.readout = Readout()

    def decode(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Latent spikes (T, B, L), class spikes (T, B, C) → images (B, …) in (−1, 1)."""
        weights = self.readout.weights(len(z))
        return torch.tanh(self.decoder.weighted(beside(z, classes), weights))

    def one_hot(self, label: Tensor | None) -> Tensor | None:
        """Classes (B,) → (B, classes), 1.0 at each one's place; None if the model is not
        conditional."""
        if not self.config.conditional:
            return None
        if label is None:
            raise ValueError("a conditional model needs the classes of its images")
        return F.one_hot(label, self.config.classes).float()

    def class_spikes(self, label: Tensor | None) -> Tensor | None:
        """Classes (B,) → spikes (T, B, classes): the class's neuron fires at each step."""
        hot = self.one_hot(label)
        return None if hot is None else hot.expand(self.config.steps, *hot.shape)

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
