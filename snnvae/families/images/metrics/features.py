"""Features of images by the autoencoder of FAD."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import CheckpointError
from snnvae.families.images.ann_vae import Autoencoder
from snnvae.families.images.config import Config
from snnvae.families.images.metrics.published_features import is_autoencoder, read_autoencoder
from snnvae.train import checkpoint
from snnvae.typed import typed

BATCH = 256
"""Images at a time; by batch statistics it is what the features depend on."""


def load_features(path: Path, image_shape: tuple[int, ...]) -> Autoencoder:
    """The autoencoder that `snnvae train-fad` wrote, or FSVAE's authors', for images (C, H, W)."""
    config, model = _loaded(path)
    if not isinstance(model, Autoencoder):
        raise CheckpointError(f"{path} is an {config.model}: give what `snnvae train-fad` wrote")
    own = (config.channels, config.image_size, config.image_size)
    if own != tuple(image_shape):
        raise CheckpointError(
            f"{path} takes images of shape {own}, these are {tuple(image_shape)}: train one on "
            f"the same data set by `{typed('train-fad', image_size=image_shape[-1])}`"
        )
    return model


def _loaded(path: Path) -> tuple[Any, Any]:
    try:
        return checkpoint.load(path, lambda _: Config)
    except CheckpointError:
        if not is_autoencoder(path):
            raise
    model = read_autoencoder(path)
    return model.config, model


@torch.no_grad()
def features(
    net: Autoencoder, images: NDArray[np.floating], *, by_batch: bool = False
) -> NDArray[np.float32]:
    """Latents (N, L) of images (N, C, H, W), deterministic, by the running statistics.

    by_batch: by each batch's own statistics instead, as the authors of FSVAE leave their network in
    training mode; what does not fill a batch is left out.
    """
    own = copy.deepcopy(net).train(by_batch)
    whole = len(images) // BATCH * BATCH if by_batch and len(images) >= BATCH else len(images)
    found = [
        own.encode(torch.from_numpy(np.ascontiguousarray(images[at : at + BATCH])).float()).numpy()
        for at in range(0, whole, BATCH)
    ]
    return np.concatenate(found)
