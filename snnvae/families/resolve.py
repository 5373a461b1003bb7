"""From a preset's name or a TOML file, and what the user changes, to settings of any family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from snnvae.errors import ConfigError
from snnvae.families import registry
from snnvae.toml_table import TomlTable
from snnvae.train.settings import Settings


def resolve(
    source: str | None, changes: Mapping[str, Any], data_dir: Path | None = None
) -> Settings:
    """Settings: those of the model and data set, then the file's, then `changes`.

    source: a preset such as 'fsvae-mnist', or a TOML file of settings. data_dir: where data sets
    lie, whose own traits are looked up.
    """
    presets = {
        name: given
        for kind in registry.settings().values()
        for name, given in kind.presets().items()
    }
    given: dict[str, Any] = {}
    if source in presets:
        given = dict(presets[source])
    elif source is not None and source.endswith(".toml"):
        given = dict(TomlTable.read(f"settings {source}", Path(source)).data)
    elif source is not None:
        raise ConfigError(f"`config` {source}: give a .toml file or one of {', '.join(presets)}")
    given |= changes
    model = given.pop("model", None)
    if not isinstance(given.get("dataset", ""), str) or not isinstance(model, str | None):
        raise ConfigError(f"model {model!r} and dataset {given.get('dataset')!r} must be names")
    if model is None:
        models = ", ".join(registry.trainable())
        raise ConfigError(f"no model given: add `model`, one of {models}, or `config` NAME")
    kind = registry.kind_of(model)
    _check_own(kind, model, given)
    return kind.default(model, **kind.completed(given, data_dir))


def continued(
    start: Path, source: str | None, changes: Mapping[str, Any], data_dir: Path | None = None
) -> Settings:
    """Settings of a training that starts from a checkpoint: the checkpoint's, ours or a
    published one, then `changes`.

    T is where the checkpoint's annealing came to, unless `changes` anneal anew.
    """
    if source is not None:
        raise ConfigError("`config` and `start` both say the settings: give one of them")
    return changed(registry.load_any(start)[0], {"anneal": (), **changes}, data_dir)


def changed(config: Settings, changes: Mapping[str, Any], data_dir: Path | None = None) -> Settings:
    """Settings with some replaced, and what of their data goes with these."""
    kind, model = type(config), changes.get("model", config.model)
    families = registry.models()
    own, other = families[config.model], families.get(str(model))
    if other not in (own, None):
        raise ConfigError(
            f"`model` {model} is of {other}, and {config.model}, which it would go on from, of "
            f"{own}: leave out one of them"
        )
    _check_own(kind, str(model), changes)
    return config.changed(**kind.completed(changes, data_dir, config))


def _check_own(kind: type[Settings], model: str, given: Mapping[str, Any]) -> None:
    """ConfigError for a setting that other families have, and this one lacks."""
    known = {
        name: {each.name for each in fields(kind)} for name, kind in registry.settings().items()
    }
    own = {each.name for each in fields(kind)}
    for name in given:
        theirs = [family for family, names in known.items() if name in names]
        if name not in own and theirs:
            raise ConfigError(
                f"`{name}` is for models of {' and '.join(theirs)}, not for {model}: leave it out"
            )
