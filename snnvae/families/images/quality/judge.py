"""The metrics of a network, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.label import classes_in_turn
from snnvae.errors import ConfigError, DataError, MissingError
from snnvae.families.images.ann_vae import Autoencoder
from snnvae.families.images.quality.features import features, load_features
from snnvae.families.images.quality.frechet import frechet_distance
from snnvae.families.images.quality.inception import inception_scores, weights_file
from snnvae.families.images.quality.names import OF_GENERATED
from snnvae.families.images.quality.neighbours import NEIGHBOURS, neighbourhoods
from snnvae.families.images.quality.networks import Network
from snnvae.families.images.quality.recognise import Recogniser
from snnvae.images import mse


@dataclass(frozen=True)
class Judge:
    """What is asked of a network.

    metrics    of names.METRICS
    images     held-out ones (N, C, H, W), reconstructed for 'mse', real ones for the others
    generated  images to draw
    features   the autoencoder's checkpoint, for 'fad' and 'prdc'
    inception  Inception's weights, for 'is' and 'fid'
    recogniser for 'recognised'
    label      classes of `images` (N,), for conditional models
    """

    metrics: Sequence[str]
    images: NDArray[np.float32]
    generated: int = 5000
    features: Path | None = None
    inception: Path | None = None
    recogniser: Recogniser | None = None
    label: NDArray[np.int64] | None = None

    def __call__(self, network: Network) -> dict[str, Any]:
        """Figures by name; a text where something is missing that cannot be made here.

        rates and sops are those of reconstructing where that is measured, else of generating.
        """
        net = self._checked(network.classes)
        found: dict[str, Any] = {}
        made = None
        if set(self.metrics) & set(OF_GENERATED):
            made = network.generate(self.generated)
            found |= self._of_generated(made.images, net)
            if "recognised" in self.metrics:
                found |= self._recognised(made.images, network.classes)
        if "mse" in self.metrics:
            made = network.reconstruct(self.images, self.label)
            found["mse"] = mse(self.images, made.images)
        if made is None:
            made = network.generate(self.generated)
        if "rates" in self.metrics:
            found["rates"] = dict(made.rates)
        if "sops" in self.metrics:
            found["sops"] = made.sops
        return found

    def _checked(self, classes: int) -> Autoencoder | None:
        """The network of the features, if any is asked for; what would fail after long work fails
        here."""
        asked, fewest = set(self.metrics), min(self.generated, len(self.images))
        if "recognised" in asked and not classes:
            raise ConfigError(
                "recognised is for conditional models, whose samples have a class: train one with "
                "`conditional`"
            )
        least = NEIGHBOURS + 1 if "prdc" in asked else 2
        if asked & set(OF_GENERATED) and fewest < least:
            raise ConfigError(f"{fewest} images are too few to compare: give {least} or more")
        if not {"fad", "prdc"} & asked:
            return None
        if self.features is None:
            raise ConfigError(
                "fad and prdc need an autoencoder's features: train it with `snnvae train-fad`, "
                "and name its model.pt with `features`"
            )
        return load_features(self.features, self.images.shape[1:])

    def _recognised(self, images: NDArray[np.floating], classes: int) -> dict[str, Any]:
        if self.recogniser is None or self.label is None:
            raise ConfigError("recognised needs a recogniser, and the classes of the real images")
        label = classes_in_turn(range(len(images)), classes)
        return self.recogniser.figures(images, label, self.images, self.label)

    def _of_generated(
        self, images: NDArray[np.floating], net: Autoencoder | None
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if net is not None:
            real, made = features(net, self.images), features(net, images)
            if "fad" in self.metrics:
                found["fad"] = frechet_distance(made, real)
                found["fad_by_batch"] = frechet_distance(
                    features(net, images, by_batch=True), features(net, self.images, by_batch=True)
                )
            if "prdc" in self.metrics:
                found |= asdict(neighbourhoods(real, made))
        if {"is", "fid"} & set(self.metrics):
            try:
                scores = inception_scores(self.images, images, weights_file(self.inception))
                found |= {
                    k: v for k, v in scores.items() if k[:2] in self.metrics or k in self.metrics
                }
            except (DataError, MissingError) as missing:
                found |= {name: str(missing) for name in ("is", "fid") if name in self.metrics}
        return found
