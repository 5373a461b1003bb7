"""What ESVAE and FSVAE share: encoder, decoder, readout, and how they are wired."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.draws.draw import Draw
from snnvae.draws.label import Label
from snnvae.families.images.config import Config
from snnvae.families.images.nets import Decoder, Encoder
from snnvae.layers.model import Batch, Losses, SpikingModel, Trainable
from snnvae.layers.neuron import Readout
from snnvae.layers.output import Output
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Link, Port, Shape, Wiring, layer

IMAGE, Z, CLASS = "image", "z", "class"
"""Inputs of the parts: pixels, latent spikes, the class."""
LATENT = "latent"
"""The group of units that a latent is."""


def beside(x: Tensor, classes: Tensor | None) -> Tensor:
    """[x ; classes] along the last axis; x itself where no class takes part."""
    return x if classes is None else torch.cat([x, classes.to(x.dtype)], dim=-1)


class VAE(Trainable):
    """A model of images."""

    @abstractmethod
    def loss(
        self, image: Tensor, generator: torch.Generator, done: float, label: Tensor | None = None
    ) -> Losses:
        """Losses of a batch (B, C, H, W) in [−1, 1]; `done` is the part of the training behind.

        label: the images' classes (B,) int64, which a conditional model needs.
        """

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """`loss` of a batch of images and labels."""
        image, label = batch
        assert image is not None
        return self.loss(image, generator, done, label)


class SpikingVAE(VAE, SpikingModel):
    """encoder → latent draw → decoder → readout → tanh; time is the first axis inside."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        shape = (config.image_size, config.channels)
        self.encoder = Encoder(*shape, config.widths, config.latent, config.neurons)
        self.decoder = Decoder(*shape, config.maps, config.latent + config.classes, config.neurons)
        self.readout = Readout()

    def decode(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Latent spikes (T, B, L), class spikes (T, B, C) → images (B, …) in (−1, 1)."""
        if self.tally is not None:
            self.tally(Z, z)
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
    def counted(self) -> tuple[str, ...]:
        """The names of the parts that reconstruct."""
        return ("autoencoder",)

    def resized(self, sizes: Mapping[str, int]) -> Config:
        """Settings of a model whose groups have these sizes."""
        stages = range(len(self.config.widths))
        changes: dict[str, object] = {
            "widths": tuple(sizes[f"encoder.{i}"] for i in stages),
            "latent": sizes[LATENT],
            "decoder_widths": (
                sizes["decoder.input"],
                *(sizes[f"decoder.{i}"] for i in range(len(self.config.maps) - 1)),
            ),
        }
        return self.config.changed(**changes)

    # How its parts are wired: ports, and cells in the order in which spikes pass them.

    def image_port(self) -> Port:
        """The image, as a constant current of each pixel."""
        side = self.config.image_size
        return Port(IMAGE, (self.config.channels, side, side), analog=(-1.0, 1.0))

    def latent_port(self) -> Port:
        """Latent spikes that the host draws."""
        return Port(Z, (self.config.latent, 1, 1), group=LATENT)

    def class_ports(self) -> tuple[Port, ...]:
        """One neuron for each class; none of a model that is not conditional."""
        classes = self.config.classes
        return (Port(CLASS, (classes, 1, 1), per_step=1),) if classes else ()

    def encoder_cells(self) -> tuple[Cell, ...]:
        """image → encoder.latent.lif."""
        side, source, cells = self.config.image_size, IMAGE, []
        for name, neuron in self.encoder.items():
            assert isinstance(neuron, SpikingLayer)
            if name == "latent":
                shape: Shape = (self.config.latent, 1, 1)
            else:
                side = side // 2
                shape = (len(neuron.synapse.weight), side, side)
            group = LATENT if name == "latent" else ""
            cells.append(layer(f"encoder.{name}", neuron, (source,), shape, group=group))
            source = cells[-1].name
        return tuple(cells)

    def decoder_cells(self) -> tuple[Cell, ...]:
        """z, and the class → readout."""
        shape, cells = self.decoder.map, []
        sources: tuple[str, ...] = (Z, *(port.name for port in self.class_ports()))
        for name, neuron in self.decoder.items():
            if not isinstance(neuron, SpikingLayer):
                continue
            blocks = 1
            if name == "input":
                blocks = shape[1] * shape[2]
            else:
                channels = neuron.synapse.weight.shape[1]
                shape = (channels, 2 * shape[1], 2 * shape[2])
            path = f"decoder.{name}"
            cells.append(layer(path, neuron, sources, shape, labels=sources, blocks=blocks))
            sources = (cells[-1].name,)
        shape = (self.config.channels, *shape[1:])
        output = self.decoder["output"]
        assert isinstance(output, Output)
        currents = Link("decoder.output", output, sources)
        return (*cells, Cell("readout", shape, self.readout, (currents,)))

    def part(
        self, ports: Sequence[Port], cells: Sequence[Cell], conditional: bool = False
    ) -> Wiring:
        """A part that ends in the last of the cells; an image, where that is the readout."""
        ports = (*ports, *(self.class_ports() if conditional else ()))
        output = cells[-1].name
        return Wiring(tuple(ports), tuple(cells), output, tanh=output == "readout")

    def class_draws(self) -> tuple[Draw, ...]:
        """Returns the draws that show the class, of a conditional model."""
        return tuple(Label(port.name, port.shape[0]) for port in self.class_ports())
