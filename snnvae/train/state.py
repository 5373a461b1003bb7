"""Where a training stands, on disk: what `--resume` goes on from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from snnvae.errors import CheckpointError
from snnvae.files import sha256_of, write_aside
from snnvae.train import checkpoint
from snnvae.train.checkpoint import KindOf
from snnvae.train.settings import Settings

FORMAT, VERSION = "snnvae-training", 1
STATE = "training.pt"


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
) -> None:
    """Writes all of it, aside first. `model` and `optimizer` are state dicts."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "config": config.to_dict(),
        "position": asdict(position),
        "state_dict": model,
        "optimizer": optimizer,
    }
    with write_aside(path) as aside:
        torch.save(content, aside)


def load(
    path: Path, config: Settings, source: str = ""
) -> tuple[Position, dict[str, Any], dict[str, Any]]:
    """Position and state dicts of a training; CheckpointError if it had other settings, or another
    `source` than this one, where one is given."""
    content = checkpoint.read(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not an interrupted training: leave out `resume`")
    if content.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has version {content.get('version')!r}, this snnvae reads {VERSION}: "
            "use the snnvae that wrote it"
        )
    # As `settings_of` has them: an older file lacks settings that came later.
    have, want = config.from_dict(content["config"]).to_dict(), config.to_dict()
    differ = [name for name in want if have.get(name) != want[name] and name != "epochs"]
    if differ:
        name = differ[0]
        raise CheckpointError(
            f"{path} was trained with {name} {have.get(name)!r}, now it is {want[name]!r}: resume "
            "with the same settings, or train into another folder"
        )
    rate = want["schedule"] != "constant" or want["warmup"] > 0
    if have["epochs"] != want["epochs"] and (rate or want["anneal"]):
        raise CheckpointError(
            f"{path} was to end after {have['epochs']} epochs, and its "
            f"{'learning rate' if rate else 'T'} goes with them: resume with the same `epochs`"
        )
    position = Position(**content["position"])
    if source and position.source != source:
        raise CheckpointError(
            f"{path} is of a training that started from another checkpoint: give that one, or "
            "train into another folder"
        )
    return position, content["state_dict"], content["optimizer"]


def settings_of(folder: Path, kind_of: KindOf) -> Settings:
    """The settings of the training in a folder."""
    content = checkpoint.read(folder / STATE)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{folder / STATE} is not an interrupted training")
    settings = content["config"]
    return kind_of(str(settings.get("model"))).from_dict(settings)
