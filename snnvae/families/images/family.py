"""The family of images: what the engine and the commands ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import ConfigError, DataError
from snnvae.families.images import data
from snnvae.families.images.ann_vae import AnnVAE, Autoencoder
from snnvae.families.images.config import Config
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.inference import generate, reconstruct
from snnvae.families.images.vae import IMAGE, VAE, SpikingVAE
from snnvae.images import mse, pairs
from snnvae.layers.model import SpikingModel
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.train.build import build
from snnvae.train.family import Batch, Data, Family, Picture, Samples, Values

KINDS: dict[str, type[VAE]] = {
    "esvae": ESVAE,
    "fsvae": FSVAE,
    "ann-vae": AnnVAE,
    "autoencoder": Autoencoder,
}
SHOWN = 32
"""Images of the pictures of reconstructions; twice as many samples."""


class Images(Family):
    """Reconstructions and samples of images, judged by the mean squared error per pixel."""

    name = "images"
    unit = "images"
    error = "mse"
    error_name = "reconstruction MSE"
    judged = "autoencoder"
    verbs: ClassVar[Mapping[str, str]] = {
        "evaluate": "snnvae.families.images.evaluate:evaluate",
        "diagnose": "snnvae.families.images.diagnosis.report:report",
        "published": "snnvae.families.images.authors:read_authors",
        "published kind": "snnvae.families.images.authors:published_kind",
    }

    def build(self, settings: Config) -> VAE:
        """Builds a model by its name."""
        return KINDS[settings.model](settings)

    def lend(self, model: SpikingVAE, to: SpikingVAE) -> tuple[str, ...]:
        """Encoder and decoder; the class is its own where the other knows no such classes."""
        to.encoder.load_state_dict(model.encoder.state_dict())
        theirs, first = model.decoder.state_dict(), "input.synapse.weight"
        inputs = model.config.latent
        if model.config.classes == to.config.classes:
            inputs += to.config.classes
        weights = to.decoder.state_dict()[first].clone()
        weights[:, :inputs] = theirs[first][:, :inputs]
        to.decoder.load_state_dict(theirs | {first: weights})
        return "encoder", "decoder" if inputs == weights.shape[1] else "decoder (without classes)"

    def data(
        self, settings: Config, where: Path | None = None, progress: Progress | None = None
    ) -> Data:
        """The images in the size of the settings, with their classes."""
        split = data.load(
            settings.dataset, data_dir=where, image_size=settings.image_size, progress=progress
        )
        check_fit(settings, split, where)
        return as_data(split)

    def batch(self, settings: Config, samples: Samples, coin: torch.Generator | None) -> Batch:
        """Images (B, C, H, W), some of them mirrored; their classes, if the model sees them."""
        images = torch.from_numpy(np.asarray(samples.inputs[IMAGE]))
        if settings.flip and coin is not None:
            flipped = torch.rand(len(images), generator=coin) < 0.5
            images = torch.where(flipped.view(-1, 1, 1, 1), images.flip(-1), images)
        if not settings.conditional or samples.label is None:
            return images, None
        return images, torch.from_numpy(samples.label)

    def by_class(self, settings: Config) -> bool:
        """Tells whether the model is conditional."""
        return settings.conditional

    def figures(self, settings: Config, outputs: Values, samples: Samples) -> dict[str, float]:
        """The error alone; `snnvae evaluate --metric` has others."""
        return {self.error: mse(np.asarray(samples.inputs[IMAGE]), outputs)}

    def outputs(self, model: VAE, samples: Samples, seed: int) -> Values:
        """Reconstructions; of an ANN through the means of its posterior."""
        label = None if samples.label is None else samples.label.tolist()
        return reconstruct(model, np.asarray(samples.inputs[IMAGE]), seed, label)

    def pictures(
        self, model: VAE, samples: Samples, outputs: Values, seed: int
    ) -> Sequence[Picture]:
        """Samples, and originals beside their reconstructions."""
        shown = pairs(np.asarray(samples.inputs[IMAGE][:SHOWN]), outputs[:SHOWN])
        copies = Picture("reconstructions", shown, 8)
        if isinstance(model, Autoencoder):  # it has nothing to draw from
            return [copies]
        drawn = generate(model, 2 * SHOWN, seed)
        return [Picture("samples", drawn, model.config.classes or None), copies]

    def held_out(
        self, program: Program, samples: Sequence[int]
    ) -> tuple[dict[str, NDArray[Any]], tuple[int, ...] | None]:
        """Images of the file's data set, for the one input that takes constant images."""
        ports = [p for p in program.inputs if p.constant and len(p.shape) == 3]
        name = program.origin.dataset
        if len(ports) != 1 or name is None:
            return {}, None
        (port,) = ports
        split = data.load(name, image_size=port.shape[-1])
        if split.test.shape[1:] != port.shape:
            return {}, None
        if max(samples) >= len(split.test):
            count = len(split.test)
            raise DataError(f"`samples` {max(samples) + 1}: '{name}' holds out {count} images")
        chosen = list(samples)
        labels = tuple(split.test_labels[chosen].tolist()) if program.classes else None
        return {port.name: split.test[chosen].astype(np.float64)}, labels

    def sizes_text(self, settings: Config) -> str:
        """encoder | latents | decoder | hidden layers."""
        parts = [settings.widths, (settings.latent,), settings.maps]
        if settings.model == "fsvae":
            usual = (2 * settings.latent, 4 * settings.latent)
            parts += [settings.posterior_hidden or usual, settings.prior_hidden or usual]
        return " | ".join("-".join(map(str, part)) for part in parts)

    def sizes_name(self, settings: Config) -> str:
        """The widths and latents."""
        return "-".join(map(str, (*settings.widths, settings.latent)))

    def twin(self, settings: Config, share: float, changes: Mapping[str, Any]) -> Config:
        """The ANN VAE of the same widths and latents."""
        if settings.decoder_widths:
            raise ConfigError(
                "the decoder has other widths than the encoder, of which no ANN is made: add "
                "`ann_epochs` 0"
            )
        own = ("image_size", "channels", "seed", "batch")
        sizes = {"widths": scaled(settings.widths, share)}
        return Config.default(
            "ann-vae",
            settings.dataset,
            **{name: getattr(settings, name) for name in own},
            **sizes,
            latent=scaled((settings.latent,), share)[0],
            schedule="cosine",
            **changes,
        )

    def same_topology(self, twin: Config) -> SpikingModel:
        """Encoder to latents to decoder."""
        own = ("dataset", "image_size", "channels", "widths", "latent")
        model = build(Config("esvae", **{name: getattr(twin, name) for name in own}))
        assert isinstance(model, SpikingVAE)
        return model


FAMILY = Images()


def as_data(split: data.Split) -> Data:
    """The images by the name of their input."""
    return Data(
        Samples({IMAGE: split.train}, split.train_labels),
        Samples({IMAGE: split.test}, split.test_labels),
        split.notes,
    )


def scaled(sizes: Sequence[int], share: float) -> tuple[int, ...]:
    """Widths of a smaller network, at least 1 each."""
    return tuple(max(1, round(size * share)) for size in sizes)


def check_fit(config: Config, split: data.Split, where: Path | None) -> None:
    """ConfigError where images are not of the shape, or the classes, that a model is made for."""
    have = tuple(split.train.shape[1:])
    want = (config.channels, config.image_size, config.image_size)
    if have != want:
        raise ConfigError(
            f"{config.dataset} has images (channels, height, width) = {have}, the settings ask for "
            f"{want}: set image_size and channels to the data set's, or give images of that shape"
        )
    if not config.conditional:
        return
    classes = data.classes_of(config.dataset, where)
    if classes != config.classes:
        raise ConfigError(
            f"{config.dataset} has {classes} classes, the settings say {config.classes}: leave out "
            "classes, or give images of as many"
        )
