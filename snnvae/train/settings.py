"""From a preset's name or a TOML file, and what the user changes, to settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnvae.errors import ConfigError
from snnvae.toml_table import TomlTable
from snnvae.train import data
from snnvae.train.config import Config
from snnvae.train.presets import by_name, preset_names


def resolve(source: str | None, changes: Mapping[str, Any]) -> Config:
    """Settings: those of the model and data set, then the file's, then `changes`.

    source: a preset such as 'fsvae-mnist', or a TOML file of Config's fields.
    """
    given: dict[str, Any] = {}
    if source is not None and (preset := by_name(source)):
        given = {"model": preset[0], "dataset": preset[1]}
    elif source is not None and source.endswith(".toml"):
        given = dict(TomlTable.read(f"settings {source}", Path(source)).data)
    elif source is not None:
        raise ConfigError(
            f"--config {source}: give a .toml file or one of {', '.join(preset_names())}"
        )
    given |= changes
    model, dataset = given.pop("model", None), given.pop("dataset", "digits")
    if model is None:
        raise ConfigError("no model given: add --model esvae, fsvae or ann-vae, or --config NAME")
    if dataset in data.DATASETS and dataset != "folder":
        given.setdefault("channels", data.channels_of(dataset))
    return Config.default(model, dataset, **given)
