"""The families by name: a line each. Nothing of a family is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnvae.errors import CheckpointError, ConfigError
from snnvae.train.settings import Settings

if TYPE_CHECKING:
    from snnvae.inputs.stimulus_blocks import HeldOut
    from snnvae.program import Program
    from snnvae.train.family import Family

FAMILIES: dict[str, str] = {
    "images": "snnvae.families.images",
    "attributes": "snnvae.families.attributes",
    "spins": "snnvae.families.spins",
    "tables": "snnvae.families.tables",
}
"""Name → folder. Its file `config` imports nothing heavy and has the class Config, and the names of
its MODELS, of its METRICS, and of those of whom PUBLISHED checkpoints are read; `family` has
FAMILY."""


def settings() -> dict[str, type[Settings]]:
    """The settings of each family, by its name."""
    return {name: import_module(f"{home}.config").Config for name, home in FAMILIES.items()}


def models() -> dict[str, str]:
    """Returns every model's family."""
    return {
        model: name
        for name, home in FAMILIES.items()
        for model in import_module(f"{home}.config").MODELS
    }


def trainable(spiking: bool = False) -> tuple[str, ...]:
    """The models that a user trains; spiking: those that spike alone."""
    return tuple(
        model
        for kind in settings().values()
        for model in (kind.spiking_models if spiking else kind.trainable_models)
    )


def metrics(family: str | None = None) -> tuple[str, ...]:
    """Names of all that `evaluate` can measure, of a family or of all."""
    homes = FAMILIES.values() if family is None else (FAMILIES[family],)
    return tuple(
        dict.fromkeys(m for home in homes for m in import_module(f"{home}.config").METRICS)
    )


def check_takes(family: str, given: Sequence[str]) -> None:
    """ConfigError for the first of these options that is for other families alone."""
    takers = {name: kind.asks for name, kind in settings().items()}
    for option in given:
        if option not in takers[family]:
            having = " and ".join(name for name, asks in takers.items() if option in asks)
            raise ConfigError(
                f"`{option}` is for models of {having}, not of {family}: leave it out"
            )


def published() -> tuple[str, ...]:
    """Whose published checkpoints can be read: names of models."""
    homes = FAMILIES.values()
    return tuple(name for home in homes for name in import_module(f"{home}.config").PUBLISHED)


def kind_of(model: str) -> type[Settings]:
    """The settings of a model's family; ConfigError for a name that no family has."""
    known = models()
    if model not in known:
        raise ConfigError(f"`model` {model!r} is unknown: use {', '.join(known)}")
    return settings()[known[model]]


def says(command: str, model: str | None) -> Callable[..., Any] | None:
    """What a command says besides of a network of that model, if it is one of ours and there is
    anything."""
    known = {} if model is None else models()
    if model not in known:
        return None
    module, _, function = settings()[known[model]].says.get(command, "").partition(":")
    return None if not module else getattr(import_module(module), function)


def family(name: str) -> Family:
    """A family by its name; MissingError without what training needs."""
    from snnvae.extras import require

    require("torch", "norse")
    found: Family = import_module(f"{FAMILIES[name]}.family").FAMILY
    return found


def held_out(program: Program, samples: Sequence[int]) -> HeldOut:
    """Held-out samples of the data set that a program's file names, for inputs that take data."""
    from snnvae.inputs.read_file import data_inputs
    from snnvae.inputs.stimulus_blocks import HeldOut

    if program.origin.dataset is not None and data_inputs(program):
        model = program.origin.model or ""
        own = models().get(model)
        for name in FAMILIES if own is None else (own,):
            data, labels = family(name).held_out(program, samples)
            if data:
                return HeldOut(data, labels)
    return HeldOut({})


def published_model(path: Path, kind: str, steps: int | None, dataset: str | None = None) -> Any:
    """A published checkpoint of a model of that name; steps: T, where it is not the usual one;
    dataset: what it was trained on, where it is not the one that its images suggest."""
    does = family(models()[kind]).does("published")
    assert does is not None
    return does(path, kind, steps=steps, dataset=dataset)


def published_kind(path: Path) -> str | None:
    """The model whose published checkpoint a file is by its names, if any."""
    for name in FAMILIES:
        does = family(name).does("published kind")
        kind = None if does is None else does(path)
        if kind is not None:
            return str(kind)
    return None


def load_any(path: Path, dataset: str | None = None) -> tuple[Any, Any]:
    """Loads as `load` does, or a published checkpoint, which is known by its names; dataset: what
    such a one was trained on."""
    try:
        found = load(path)
    except CheckpointError:
        for name in FAMILIES:
            model = family(name).published(path, dataset)
            if model is not None:
                return model.config, model
        raise
    if dataset is not None:
        raise ConfigError(f"`dataset` is for published checkpoints; {path} says it itself")
    return found


def load(path: str | Path) -> tuple[Any, Any]:
    """Settings and model of a checkpoint of any family."""
    from snnvae.extras import require

    require("torch", "norse")
    from snnvae.train import checkpoint

    return checkpoint.load(path, kind_of)


def load_spiking(path: str | Path) -> tuple[Any, Any]:
    """Loads as `load` does; CheckpointError for an ANN."""
    from snnvae.extras import require

    require("torch", "norse")
    from snnvae.train import checkpoint

    return checkpoint.load_spiking(path, kind_of)
