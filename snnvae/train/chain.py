"""Trainings that follow one another, each from the last one's checkpoint, each resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from snnvae.progress import Progress
from snnvae.train.fit import STATE, fit
from snnvae.train.settings import Settings

Some = TypeVar("Some", bound=Settings)

FINE_LR, QAT_LR = 0.5, 0.1
"""Learning rates of a network that goes on, and of one that goes on in fixed point, as parts of the
first one's."""


def trained(
    config: Settings,
    folder: Path,
    source: Path | None = None,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
) -> Path:
    """The checkpoint in `folder`, trained there or as far as is left to do.

    CheckpointError where the folder holds a training of other settings or from another source.
    """
    resume = (folder / STATE).exists()
    path = fit(config, folder, progress, data_dir=data_dir, resume=resume, source=source)
    assert path is not None  # one process
    return path


def further(config: Some, epochs: int, **changes: object) -> Some:
    """Settings for a training that goes on from one of `config`: lower and falling rates."""
    settings = {"epochs": epochs, "lr": config.lr * FINE_LR, "schedule": "cosine", "anneal": ()}
    return config.changed(**{**settings, **changes})


def quantised(config: Some, epochs: int) -> Some:
    """The same in fixed point."""
    return further(config, epochs, qat="loihi2", lr=config.lr * QAT_LR)
