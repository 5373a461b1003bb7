"""The state of a training on disk: what `--resume` goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from snnvae.errors import CheckpointError, ConfigError
from snnvae.files import open_aside, sha256_of
from snnvae.train import checkpoint
from snnvae.train.checkpoint import KindOf
from snnvae.train.devices import FULL_PRECISION, PRECISIONS
from snnvae.train.settings import Settings

FORMAT, VERSION = "snnvae-training", 1
STATE = "training.pt"
AGAIN = "train into another folder"


@dataclass
class Position:
    """epoch and step are those to come next, from 0; sums are the epoch's losses so far.

    records  one for each finished epoch, as in metrics.jsonl
    best     the least validation error so far, and epochs since it
    operations  the epoch's synaptic operations per image so far, summed over its steps
    multiplier  of the budget (`costs`)
    source   SHA-256 of the checkpoint that it started from; empty for none
    """

    epoch: int = 0
    step: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    records: list[dict[str, Any]] = field(default_factory=list)
    best: float = float("inf")
    since_best: int = 0
    operations: float = 0.0
    multiplier: float = 0.0
    source: str = ""


def digest_of(path: Path | None) -> str:
    """SHA-256 of a checkpoint; empty for none. CheckpointError if it is not there."""
    if path is None:
        return ""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}: give the one that the training began with")
    return sha256_of(path)


def save(
    path: Path,
    config: Settings,
    position: Position,
    model: dict[str, Any],
    optimizer: dict[str, Any],
    precision: str = FULL_PRECISION,
) -> None:
    """Writes all of it, aside first. `model` and `optimizer` are state dicts."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "config": config.to_dict(),
        "precision": precision,
        "position": asdict(position),
        "state_dict": model,
        "optimizer": optimizer,
    }
    with open_aside(path) as file:
        torch.save(content, file)


def load(
    path: Path,
    config: Settings,
    model: Module,
    optimizer: Optimizer,
    source: str = "",
    precision: str = FULL_PRECISION,
) -> Position:
    """Puts a training's weights and optimizer back, and returns where it stood.

    CheckpointError if it had other settings, another precision, or another `source` than this one,
    where one is given, or if something in the file does not fit; model and optimizer are then as
    they were, or useless.
    """
    content = _content(path)
    # As `settings_of` has them: an older file lacks settings that came later.
    have, want = _settings(path, content, type(config)).to_dict(), config.to_dict()
    differ = [name for name in want if have.get(name) != want[name] and name != "epochs"]
    if differ:
        name = differ[0]
        raise CheckpointError(
            f"{path} was trained with {name} {have.get(name)!r}, now it is {want[name]!r}: resume "
            "with the same settings, or train into another folder"
        )
    had = _precision(content, precision)
    if had != precision:
        raise CheckpointError(
            f"{path} was trained with precision {had}, now it is {precision}: resume with "
            f"`precision` {had}, or train into another folder"
        )
    rate = want["schedule"] != "constant" or want["warmup"] > 0
    if have["epochs"] != want["epochs"] and (rate or want["anneal"]):
        raise CheckpointError(
            f"{path} was to end after {have['epochs']} epochs, and its "
            f"{'learning rate' if rate else 'T'} goes with them: resume with the same `epochs`"
        )
    position = _position(path, content.get("position"))
    if source and position.source != source:
        raise CheckpointError(
            f"{path} is of a training that started from another checkpoint: give that one, or "
            "train into another folder"
        )
    weights = content.get("state_dict")
    if not isinstance(weights, Mapping):
        raise CheckpointError(f"{path} lacks its weights: {AGAIN}")
    checkpoint.compare(path, model.state_dict(), weights, AGAIN)
    model.load_state_dict(dict(weights))
    _load_optimizer(path, optimizer, content.get("optimizer"))
    return position


def settings_of(folder: Path, kind_of: KindOf) -> Settings:
    """The settings of the training in a folder."""
    path = folder / STATE
    content = _content(path)
    settings = content.get("config")
    named = settings.get("model") if isinstance(settings, Mapping) else None
    return _settings(path, content, kind_of(str(named)))


def precision_of(folder: Path) -> str:
    """The precision of the training in a folder."""
    return _precision(_content(folder / STATE))


def _precision(content: Mapping[str, Any], unsaid: str = FULL_PRECISION) -> str:
    """What a file says; files of before do not."""
    found = content.get("precision", unsaid)
    return found if found in PRECISIONS else FULL_PRECISION


def _content(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = checkpoint.read(path)
    if not checkpoint.says(content, FORMAT, VERSION, path):
        raise CheckpointError(f"{path} is not an interrupted training: leave out `resume`")
    return content


def _settings(path: Path, content: Mapping[str, Any], kind: type[Settings]) -> Settings:
    settings = content.get("config")
    if not isinstance(settings, Mapping):
        raise CheckpointError(f"{path} lacks its settings: {AGAIN}")
    try:
        return kind.from_dict(settings)
    except ConfigError as error:
        raise CheckpointError(f"{path} has unusable settings: {error}") from error


def _position(path: Path, given: Any) -> Position:
    """Where a training stood, each value of its kind."""
    kinds = {field.name: type(getattr(Position(), field.name)) for field in fields(Position)}
    if isinstance(given, Mapping) and set(given) <= set(kinds):
        try:
            position = Position(**given)
        except TypeError:
            position = None
        if position is not None and all(_fits(getattr(position, n), k) for n, k in kinds.items()):
            return position
    raise CheckpointError(f"{path} does not say where the training stood: {AGAIN}")


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60
    return isinstance(value, kind)


def _load_optimizer(path: Path, optimizer: Optimizer, given: Any) -> None:
    """Takes over the groups' numbers, and for each parameter moments of its own shape."""
    own = optimizer.state_dict()["param_groups"]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    try:
        numbers = [group["params"] for group in given["param_groups"]]
        same = numbers == [group["params"] for group in own] and [
            set(group) for group in given["param_groups"]
        ] == [set(group) for group in own]
        rates = all(_fits(group["lr"], float) for group in given["param_groups"])
        moments = all(
            isinstance(value, Tensor)
            and value.shape in ((), parameters[number].shape)
            and bool(torch.isfinite(value).all())
            for number, kept in given["state"].items()
            for value in kept.values()
        )
        if same and rates and moments:
            optimizer.load_state_dict(dict(given))
            return
    except Exception:  # a strange file may make torch raise anything
        pass
    raise CheckpointError(f"{path} has an optimizer's state that does not fit: {AGAIN}")
