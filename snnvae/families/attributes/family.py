"""The family of classes with attributes: what the engine and the commands ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import ConfigError, DataError
from snnvae.families.attributes import data
from snnvae.families.attributes.ann import AttributeANN
from snnvae.families.attributes.config import Config
from snnvae.families.attributes.data.described import Described, Split
from snnvae.families.attributes.generate import by_ann, by_part
from snnvae.families.attributes.known import Known
from snnvae.families.attributes.model import AUTOENCODER, VALUES, AttributeVAE
from snnvae.images import mse, pairs
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.train.family import Batch, Data, Family, Picture, Samples, Values

KINDS: dict[str, type[Known]] = {"attribute-vae": AttributeVAE, "attribute-ann": AttributeANN}
SHOWN = 32
"""Pairs in a picture of reconstructions."""


@dataclass(frozen=True, kw_only=True)
class AttributeData(Data):
    """Samples of seen classes, and all that is known."""

    described: Described


class Attributed(Family):
    """Models of samples by their classes' attributes, judged by how well held-out samples of seen
    classes are reconstructed; `evaluate` tells how well classes never seen are recognised."""

    name = "attributes"
    error = "mse"
    error_name = "reconstruction MSE"
    judged = AUTOENCODER
    verbs: ClassVar[Mapping[str, str]] = {
        "evaluate": "snnvae.families.attributes.evaluate:evaluate",
    }

    def build(self, settings: Config) -> Known:
        """Builds a model by its name."""
        return KINDS[settings.model](settings)

    def begun(self, model: Known, data: Data) -> Known:
        """With attributes and scale."""
        assert isinstance(data, AttributeData)
        model.keep(data.described)
        return model

    def data(
        self, settings: Config, where: Path | None = None, progress: Progress | None = None
    ) -> AttributeData:
        """The samples of seen classes alone."""
        found = data.load(settings.dataset, settings.split, where)
        check_fit(settings, found)
        return AttributeData(
            _samples(found.train.of(found.seen)),
            _samples(found.test.of(found.seen)),
            described=found,
        )

    def batch(self, settings: Config, samples: Samples, coin: torch.Generator | None) -> Batch:
        """Values (B, D) and classes (B,)."""
        assert samples.label is not None
        x = np.asarray(samples.inputs[VALUES]).reshape(len(samples), -1)
        return torch.from_numpy(x), torch.from_numpy(samples.label)

    def by_class(self, settings: Config) -> bool:
        """True: by its attributes."""
        return True

    def figures(self, settings: Config, outputs: Values, samples: Samples) -> dict[str, float]:
        """The error alone."""
        values = np.asarray(samples.inputs[VALUES])
        return {self.error: mse(values, outputs.reshape(values.shape))}

    def outputs(self, model: Known, samples: Samples, seed: int) -> Values:
        """Reconstructions; of an ANN through the means of its posterior."""
        assert samples.label is not None
        x = np.asarray(samples.inputs[VALUES])
        if isinstance(model, AttributeVAE):
            return by_part(model, AUTOENCODER, samples.label, seed, {VALUES: x})
        assert isinstance(model, AttributeANN)
        return by_ann(model, samples.label, seed, x)

    def pictures(
        self, model: Known, samples: Samples, outputs: Values, seed: int
    ) -> Sequence[Picture]:
        """Of what is drawn as pictures, originals beside their reconstructions."""
        side = picture_side(model.config)
        if side is None:
            return []
        originals = np.asarray(samples.inputs[VALUES][:SHOWN]).reshape(-1, 1, side, side)
        copies = outputs[:SHOWN].reshape(-1, 1, side, side)
        return [Picture("reconstructions", pairs(originals, copies), 8)]

    def held_out(
        self, program: Program, samples: Sequence[int]
    ) -> tuple[dict[str, NDArray[Any]], tuple[int, ...] | None]:
        """Held-out samples of all classes, for the one input that takes values."""
        ports = [p for p in program.inputs if p.constant and p.name == VALUES]
        name = program.origin.dataset
        if len(ports) != 1 or name not in data.DATASETS:
            return {}, None
        test = data.load(name).test
        if test.x.shape[1:] != ports[0].shape[:1]:
            return {}, None
        if max(samples) >= len(test):
            raise DataError(f"`samples` {max(samples) + 1}: '{name}' holds out {len(test)} samples")
        some = _samples(Split(test.x[list(samples)], test.label[list(samples)]))
        assert some.label is not None
        labels = tuple(some.label.tolist()) if program.classes else None
        return {VALUES: np.asarray(some.inputs[VALUES], np.float64)}, labels

    def sizes_text(self, settings: Config) -> str:
        """encoder | latents | decoder."""
        parts = (settings.widths, (settings.latent,), settings.decoder_widths)
        return " | ".join("-".join(map(str, part)) for part in parts)

    def twin(self, settings: Config, share: float, changes: Mapping[str, Any]) -> Config:
        """The ANN of the same sizes, as it is trained where nobody says otherwise."""

        def part(sizes: Sequence[int]) -> tuple[int, ...]:
            return tuple(max(1, round(share * size)) for size in sizes)

        own = ("split", "inputs", "classes", "attributes", "tanh", "seed", "batch", "epochs")
        given = {name: getattr(settings, name) for name in own} | {
            "widths": part(settings.widths),
            "decoder_widths": part(settings.decoder_widths),
            "latent": part((settings.latent,))[0],
        }
        return Config.default("attribute-ann", settings.dataset, **{**given, **changes})


FAMILY = Attributed()


def picture_side(config: Config) -> int | None:
    """Pixels of the side of what is drawn as a picture."""
    from snnvae.families.attributes.data import glyphs

    return glyphs.SIDE if config.dataset == data.GLYPHS else None


def check_fit(config: Config, found: Described) -> None:
    """ConfigError where data are not of the sizes that a model is made for."""
    have = (found.train.x.shape[1], *found.table.shape)
    want = (config.inputs, config.classes, config.attributes)
    if have != want:
        raise ConfigError(
            f"{config.dataset} has values, classes and attributes {have}, the settings ask for "
            f"{want}: train a model of its own for these data"
        )


def _samples(some: Split) -> Samples:
    return Samples({VALUES: some.x[:, :, None, None]}, some.label)
