"""What ESVAE and FSVAE share: encoder, decoder, readout, folding."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.nets import Decoder, Encoder
from snnvae.layers.neuron import Readout
from snnvae.layers.output import Output
from snnvae.layers.spiking import SpikingLayer, replace_layers
from snnvae.train.config import Config

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
        shape = (config.image_size, config.channels)
        self.encoder = Encoder(*shape, config.widths, config.latent)
        self.decoder = Decoder(*shape, config.maps, config.latent + config.classes)
        self.readout = Readout()
        self.steps = config.steps
        """T of training; the network is deployed with config.steps."""
        self.scales: dict[str, float] = {}
        """Of a folded model: fixed-point scales by node, where training chose them."""
        self.tally: Callable[[Tensor], None] | None = None
        """Is shown the latent spikes (T, B, L) that the decoder gets, to count them."""

    def decode(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Latent spikes (T, B, L), class spikes (T, B, C) → images (B, …) in (−1, 1)."""
        if self.tally is not None:
            self.tally(z)
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
        return None if hot is None else hot.expand(self.steps, *hot.shape)

    @property
    def is_folded(self) -> bool:
        """Whether there are only synapses and Norse's neurons: no tdBN, no fixed point."""
        return all(m.is_folded for m in self.modules() if isinstance(m, SpikingLayer))

    @property
    def is_fixed(self) -> bool:
        """Whether it computes in fixed point (see `layers.fixed`)."""
        return bool(_scales(self))

    def folded(self: Model) -> Model:
        """The deployable form: a copy in evaluation mode, tdBN inside float32 synapses.

        Of a model in fixed point: the real numbers that rounding left, and `scales`, at which the
        compiler rounds them to the same whole numbers.
        """
        model = copy.deepcopy(self).eval()
        model.scales = {**self.scales, **_scales(self)}
        replace_layers(model, lambda _, layer: layer.deployed())
        output = model.decoder["output"]
        assert isinstance(output, Output)
        model.decoder["output"], model.readout = output.deployed(), Readout()
        return model.requires_grad_(False)


def _scales(model: SpikingVAE) -> dict[str, float]:
    """Weight units per unit of membrane, by node, of layers in fixed point."""
    found = {
        f"{path}.lif": module.scale
        for path, module in model.named_modules()
        if isinstance(module, SpikingLayer) and module.scale is not None
    }
    readout = getattr(model.readout, "scale", None)
    return found if readout is None else {**found, "readout": readout.item()}
