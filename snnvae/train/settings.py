"""From a preset's name or a TOML file, and what the user changes, to settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnvae.errors import ConfigError
from snnvae.families.images import data
from snnvae.toml_table import TomlTable
from snnvae.train import checkpoint
from snnvae.train.config import Config
from snnvae.train.presets import by_name, preset_names
from snnvae.typed import typed


def resolve(source: str | None, changes: Mapping[str, Any], data_dir: Path | None = None) -> Config:
    """Settings: those of the model and data set, then the file's, then `changes`.

    source: a preset such as 'fsvae-mnist', or a TOML file of Config's fields. data_dir: where a
    folder's own images lie, whose colours are looked up.
    """
    given: dict[str, Any] = {}
    if source is not None and (preset := by_name(source)):
        given = {"model": preset[0], "dataset": preset[1]}
    elif source is not None and source.endswith(".toml"):
        given = dict(TomlTable.read(f"settings {source}", Path(source)).data)
    elif source is not None:
        raise ConfigError(
            f"`config` {source}: give a .toml file or one of {', '.join(preset_names())}"
        )
    given |= changes
    model, dataset = given.pop("model", None), given.pop("dataset", "digits")
    if not isinstance(dataset, str) or not isinstance(model, str | None):
        raise ConfigError(f"model {model!r} and dataset {dataset!r} must be names")
    if model is None:
        raise ConfigError("no model given: add `model` esvae, fsvae or ann-vae, or `config` NAME")
    if dataset in data.DATASETS and "channels" not in given:
        given["channels"] = data.channels_of(dataset, data_dir)
    return Config.default(model, dataset, **_with_classes(given, dataset, data_dir))


def continued(
    start: Path, source: str | None, changes: Mapping[str, Any], data_dir: Path | None = None
) -> Config:
    """Settings of a training that starts from a checkpoint: the checkpoint's, then `changes`.

    T is where the checkpoint's annealing came to, unless `changes` anneal anew.
    """
    if source is not None:
        raise ConfigError("`config` and `start` both say the settings: give one of them")
    return changed(checkpoint.load(start)[0], {"anneal": (), **changes}, data_dir)


def changed(config: Config, changes: Mapping[str, Any], data_dir: Path | None = None) -> Config:
    """Settings with some replaced, and the data set's classes where they become conditional."""
    dataset = changes.get("dataset", config.dataset)
    return config.changed(**_with_classes(changes, dataset, data_dir))


def _with_classes(given: Mapping[str, Any], dataset: str, data_dir: Path | None) -> dict[str, Any]:
    """What is given, and the number of classes that goes with it, if it says `conditional`."""
    conditional = given.get("conditional")
    if not isinstance(conditional, bool) or "classes" in given:
        return dict(given)
    return {**given, "classes": data.classes_of(dataset, data_dir) if conditional else 0}


def amount(text: str, what: str) -> float:
    """A number above 0, such as 20000, 300k or 1.5M; else a ConfigError that names `what`."""
    number, unit = text.strip(), 1.0
    for suffix, factor in (("k", 1e3), ("M", 1e6)):
        if number.endswith(suffix):
            number, unit = number[:-1], factor
    try:
        value = float(number) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"{what} {text}: write a number such as 20000, 300k or 1.5M")
    return value


def command_of(config: Config, out: str | None = None) -> str:
    """The `snnvae train` command that gives these settings; but for its folders, without `out`."""
    usual = Config.default(config.model, config.dataset).to_dict()
    known = ("model", "dataset", "channels", "betas", "classes")
    given = {
        name: value
        for name, value in config.to_dict().items()
        if value != usual.get(name) and name not in known
    }
    start = {"from": "the float network's model.pt"} if config.qat else {}
    return typed("train", model=config.model, dataset=config.dataset, **given, **start, out=out)
