"""What is asked of an evaluation, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnvae.deploy.backends import Backend
from snnvae.program import Precision
from snnvae.progress import NoProgress, Progress


@dataclass(frozen=True)
class Asked:
    """precisions: of the deployed forms; samples: held-out ones (None: all); dataset: of a file;
    generated: samples in all (None: as many as the family thinks fit); metrics, features,
    reference, inception, card: of families that have them."""

    precisions: Sequence[Precision] = ("float", "fixed")
    samples: int | None = None
    seed: int = 0
    backend: Backend = "emulator"
    dask: str | None = None
    data_dir: Path | None = None
    dataset: str = ""
    metrics: Sequence[str] = ()
    generated: int | None = None
    features: Path | None = None
    reference: Path | None = None
    inception: Path | None = None
    card: Path | None = None
    progress: Progress = field(default_factory=NoProgress)

    def fewer(self, there: int, unit: str) -> tuple[str, ...]:
        """What is to be said where more samples are asked for than those that are `there`."""
        if self.samples is None or self.samples <= there:
            return ()
        return (f"{self.samples:,} {unit} are asked for, {there:,} are held out: these are judged",)


@dataclass(frozen=True)
class Figures:
    """The figures of an evaluation, as text for people and as data for scripts."""

    text: str
    data: Mapping[str, Any]
