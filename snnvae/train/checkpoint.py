"""Trained models on disk: plain types and tensors, nothing that could run code when loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import torch
from torch import Tensor

from snnvae.errors import CheckpointError, ConfigError
from snnvae.export.torch_file import read_torch
from snnvae.files import open_aside
from snnvae.layers.model import SpikingModel
from snnvae.train.build import build
from snnvae.train.devices import FULL_PRECISION
from snnvae.train.family import Trainable
from snnvae.train.settings import Settings

FORMAT = "snnvae-checkpoint"
VERSION = 1
"""Of the format; settings that it gained since have values that change nothing."""
RETRAIN = "make one with 'snnvae train'"


def save(path: str | Path, model: Trainable, precision: str = FULL_PRECISION) -> Path:
    """Writes settings and weights, aside first, so that `path` is whole or absent; precision: that
    of the training."""
    path = Path(path)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "config": model.config.to_dict(),
        "precision": precision,
        "state_dict": {name: value.detach().cpu() for name, value in model.state_dict().items()},
    }
    with open_aside(path) as file:
        torch.save(content, file)
    return path


KindOf = Callable[[str], type[Settings]]
"""The settings of a model's family, by its name; ConfigError for a name that no family has."""


def load(path: str | Path, kind_of: KindOf) -> tuple[Any, Any]:
    """The settings and the model, in evaluation mode, of a file that `save` wrote."""
    path = Path(path)
    content = read(path)
    if not says(content, FORMAT, VERSION, path):
        raise CheckpointError(f"{path} is not an snnvae checkpoint: {RETRAIN}")
    settings, weights = content.get("config"), content.get("state_dict")
    if not isinstance(settings, Mapping) or not isinstance(weights, Mapping):
        raise CheckpointError(f"{path} lacks its settings or weights: {RETRAIN}")
    try:
        config = kind_of(str(settings.get("model"))).from_dict(settings)
        # Shapes are compared before anything of the size that the file claims is allocated.
        with torch.device("meta"):
            model = build(config)
    except ConfigError as error:
        raise CheckpointError(f"{path} has unusable settings: {error}") from error
    compare(path, model.state_dict(), weights)
    model.load_state_dict(dict(weights), assign=True)
    return config, model.eval()


def load_spiking(path: str | Path, kind_of: KindOf) -> tuple[Any, Any]:
    """As `load`; CheckpointError for an ANN, which has no spikes to deploy."""
    config, model = load(path, kind_of)
    if not isinstance(model, SpikingModel):
        raise CheckpointError(
            f"{path} is an {config.model}, which has no spikes: give "
            f"{' or '.join(f'an {model}' for model in config.spiking_models)}"
        )
    return config, model


def says(content: Any, format_: str, version: int, path: Path) -> bool:
    """Tells whether a file's content says that it is of a format; CheckpointError for another
    version of it."""
    if not isinstance(content, Mapping):
        return False
    found, number = content.get("format"), content.get("version")
    if not isinstance(found, str) or found != format_:
        return False
    if not isinstance(number, int) or number != version:
        raise CheckpointError(
            f"{path} has version {str(number)[:40]}, this snnvae reads {version}: use the snnvae "
            "that wrote it"
        )
    return True


def read(path: Path) -> Any:
    """What is in a file that torch.save wrote, plain types and tensors alone."""
    if path.is_file() and h5py.is_hdf5(path):
        raise CheckpointError(
            f"{path} is NIR or other HDF5, not a checkpoint: `snnvae simulate {path}` runs NIR; "
            "give the model.pt that 'snnvae train' wrote"
        )
    return read_torch(path, RETRAIN, f"no checkpoint at {path}")


def compare(
    path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Any], remedy: str = RETRAIN
) -> None:
    """Refuses weights that are missing, unknown, of another shape or type, or not finite."""
    for name in sorted(set(expected) ^ set(found), key=str):
        what = "lacks" if name in expected else "has an unknown"
        raise CheckpointError(f"{path} {what} weight {name!r} for its settings: {remedy}")
    for name, want in expected.items():
        have = found[name]
        if not isinstance(have, Tensor) or have.layout != torch.strided:
            raise CheckpointError(f"{path}: {name} is not a dense tensor: {remedy}")
        if have.shape != want.shape or have.dtype != want.dtype:
            raise CheckpointError(
                f"{path}: {name} is {have.dtype} {tuple(have.shape)}, its settings ask for "
                f"{want.dtype} {tuple(want.shape)}: {remedy}"
            )
        if not bool(torch.isfinite(have).all()):
            raise CheckpointError(f"{path}: {name} holds values that are not finite: {remedy}")
