"""What is asked of a network that makes images, and what several metrics of it share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import ConfigError
from snnvae.families.images.ann_vae import Autoencoder
from snnvae.families.images.metrics import METRICS, OF_COPIES
from snnvae.families.images.metrics.features import features, load_features
from snnvae.families.images.metrics.frechet import Gaussian
from snnvae.families.images.metrics.inception_network import inception_scores, weights_file
from snnvae.families.images.metrics.networks import GeneratedImages, MeasuredNetwork
from snnvae.families.images.metrics.published_features import read_statistics
from snnvae.families.images.metrics.recogniser import Recogniser


@dataclass(frozen=True)
class Metrics:
    """The metrics that are asked of a network, and what they need.

    metrics    of METRICS
    images     held-out ones (N, C, H, W), reconstructed for 'mse', real ones for the others
    generated  images to draw
    features   the autoencoder's checkpoint, for 'fad' and 'prdc'
    reference  statistics of features (an .npz), to which 'fad' is told too
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
    reference: Path | None = None

    def __call__(self, network: MeasuredNetwork) -> dict[str, Any]:
        """Figures by name; a text where something is missing that cannot be made here."""
        run = Run(self, network)
        asked = [_file(name) for name in METRICS if name in self.metrics]
        for metric in asked:
            if hasattr(metric, "check"):
                metric.check(run)
        found: dict[str, Any] = {}
        for metric in asked:
            found |= metric.measure(run)
        return found


def _file(name: str) -> Any:
    return import_module(f"{__package__}.{METRICS[name]}")


def names() -> dict[str, str]:
    """Returns what figures are called in words."""
    return {key: text for name in METRICS for key, text in _file(name).NAMES.items()}


@dataclass(frozen=True, eq=False)
class Run:
    """One network's images, each made once, whatever asks for them."""

    asked: Metrics
    network: MeasuredNetwork

    @cached_property
    def generated(self) -> GeneratedImages:
        """The generated images, as many as are asked for."""
        return self.network.generate(self.asked.generated)

    @cached_property
    def copies(self) -> GeneratedImages:
        """Reconstructions of the held-out images."""
        return self.network.reconstruct(self.asked.images, self.asked.label)

    @property
    def made(self) -> GeneratedImages:
        """The reconstructions, if their error is asked for; else the samples."""
        return self.copies if OF_COPIES & set(self.asked.metrics) else self.generated

    @cached_property
    def feature_network(self) -> Autoencoder:
        """The autoencoder of the features; ConfigError if none is named."""
        if self.asked.features is None:
            raise ConfigError(
                "fad and prdc need an autoencoder's features: train it with `snnvae train-fad`, "
                "and name its model.pt with `features`"
            )
        return load_features(self.asked.features, self.asked.images.shape[1:])

    @cached_property
    def reference(self) -> Gaussian | None:
        """The statistics that are named, if any; DataError if they are not of these features."""
        if self.asked.reference is None:
            return None
        return read_statistics(self.asked.reference, self.feature_network.config.latent)

    @cached_property
    def features(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The features of real and of generated images."""
        net = self.feature_network
        return features(net, self.asked.images), features(net, self.generated.images)

    @cached_property
    def inception_scores(self) -> dict[str, float]:
        """Inception score and FID; DataError or MissingError for what they need."""
        weights = weights_file(self.asked.inception)
        return inception_scores(self.asked.images, self.generated.images, weights)

    def need(self, least: int) -> None:
        """ConfigError where there are fewer images, generated or real, to compare."""
        fewest = min(self.asked.generated, len(self.asked.images))
        if fewest < least:
            raise ConfigError(f"{fewest} images are too few to compare: give {least} or more")
