"""FAD as FSVAE's authors compute it: their autoencoder, and the statistics of its features.

Sources: github.com/kamata1729/FullySpikingVAE, ann_models/ann_ae.py (`AE`, `AELarge`: names of the
state dict) and metrics/autoencoder_fid.py (`mu` and `sigma` of the held-out images' features, in an
.npz; features by batch statistics, since their network stays in training mode).
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import CheckpointError, ConfigError, DataError
from snnvae.families.images.ann_vae import Autoencoder
from snnvae.families.images.authors import MAX_SIDE
from snnvae.families.images.authors_file import StateDictFile
from snnvae.families.images.config import Config
from snnvae.families.images.metrics.frechet import Gaussian
from snnvae.inputs.read_file import read_array
from snnvae.plain_text import words_of

LATENTS = "latent_layer.weight"
MARKS = frozenset({LATENTS, "decoder_input.weight", "encoder.0.0.weight"})
COUNT = "num_batches_tracked"
MAX_FEATURES = 4096
STATISTICS = "give an .npz with mu (features,) and sigma (features, features)"


def is_autoencoder(path: Path) -> bool:
    """Tells whether a file is one of theirs by its names."""
    try:
        return StateDictFile.read(path, MARKS).tensors.keys() >= MARKS
    except CheckpointError:
        return False


def read_autoencoder(path: Path) -> Autoencoder:
    """Their autoencoder in a file, in evaluation mode.

    CheckpointError where it lacks a tensor, or one has another shape than its others ask for.
    """
    file = StateDictFile.read(path, MARKS)
    stages = sum(bool(re.fullmatch(r"encoder\.\d+\.0\.weight", name)) for name in file.tensors)
    kernels = [file.shape(f"encoder.{i}.0.weight", 4) for i in range(stages)]
    widths, channels = tuple(kernel[0] for kernel in kernels), kernels[0][1]
    latent, flat = file.shape(LATENTS, 2)
    side = math.isqrt(flat // max(widths[-1], 1))
    if side * side * widths[-1] != flat or not 0 < side << stages <= MAX_SIDE:
        raise file.error(
            f"holds {LATENTS} of {flat} columns: no square map of {widths[-1]} channels"
        )
    try:
        config = Config(
            "autoencoder", image_size=side << stages, channels=channels, widths=widths,
            latent=latent, steps=1,
        )  # fmt: skip
        # Shapes are compared before anything of the size that the file claims is allocated.
        with torch.device("meta"):
            model = Autoencoder(config)
    except ConfigError as error:
        raise file.error(f"has unusable sizes: {error}") from error
    theirs = _their_names(stages)
    weights = {}
    for name, value in model.state_dict().items():
        module, _, leaf = name.rpartition(".")
        if leaf == COUNT:
            weights[name] = torch.zeros((), dtype=torch.int64)
        else:
            weights[name] = file.tensor(f"{theirs[module]}.{leaf}", tuple(value.shape))
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _their_names(stages: int) -> Mapping[str, str]:
    """Our modules' paths → theirs; each stage of ours is three modules in a row."""
    names = {"encoder.1": "latent_layer", "decoder.0": "decoder_input"}
    for i in range(stages):
        up = f"decoder.{i}" if i < stages - 1 else "final_layer"
        for part in range(2):
            names[f"encoder.0.{3 * i + part}"] = f"encoder.{i}.{part}"
            names[f"decoder.{2 + 3 * i + part}"] = f"{up}.{part}"
    return {**names, f"decoder.{2 + 3 * stages}": "final_layer.3"}


def read_statistics(path: Path, features: int) -> Gaussian:
    """`mu` and `sigma` of a file, of so many features. DataError where it is not such a file."""
    try:
        with zipfile.ZipFile(path) as archive:
            mean, covariance = (_member(path, archive, f"{name}.npy") for name in ("mu", "sigma"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {STATISTICS}") from None
    except DataError:
        raise
    except Exception as error:  # zip, its packers and NumPy raise what they like
        raise DataError(f"{path} holds no statistics ({words_of(error)}): {STATISTICS}") from None
    if mean.shape != (features,) or covariance.shape != (features, features):
        raise DataError(
            f"{path} has mu {mean.shape} and sigma {covariance.shape}, the autoencoder has "
            f"{features} features: give the statistics that go with it"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError(f"{path} holds values that are not finite: {STATISTICS}")
    return mean, covariance


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> NDArray[np.float64]:
    entry = archive.getinfo(name)
    if entry.file_size > 8 * MAX_FEATURES**2 + (1 << 16):
        raise DataError(f"{path}: {name} is larger than that of {MAX_FEATURES} features")
    with archive.open(entry) as member:
        return np.asarray(read_array(path, member, entry.file_size), np.float64)
