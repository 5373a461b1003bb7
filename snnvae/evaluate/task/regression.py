"""How far a network's values lie from their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnvae.evaluate.proportion import Z95
from snnvae.evaluate.task.outcome import Outcome


@dataclass(frozen=True)
class Regressed:
    """The values of one form of a network beside the targets, (B, n) each."""

    outcome: Outcome
    targets: np.ndarray

    @property
    def name(self) -> str:
        """The form's."""
        return self.outcome.name

    @property
    def errors(self) -> np.ndarray:
        """Value − target, (B, n)."""
        errors: np.ndarray = self.outcome.scores - self.targets
        return errors

    @property
    def mse(self) -> float:
        """Mean of the squared errors."""
        return float(np.square(self.errors).mean())

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the MSE on all such samples lies, 95 % (normal, from the samples' spread, and not
        below 0); None where one sample tells no spread."""
        each = np.square(self.errors).mean(1)
        if len(each) < 2:
            return None
        half = Z95 * float(each.std(ddof=1)) / len(each) ** 0.5
        return max(0.0, self.mse - half), self.mse + half

    @property
    def figure(self) -> dict[str, float | None]:
        """The MSE, and where it lies."""
        low, high = self.interval or (None, None)
        return {"mse": self.mse, "low": low, "high": high}

    @property
    def mae(self) -> float:
        """Mean of the errors' sizes."""
        return float(np.abs(self.errors).mean())

    @property
    def largest(self) -> float:
        """The largest error's size."""
        return float(np.abs(self.errors).max())

    @property
    def r2(self) -> float | None:
        """1 − Σ error² / Σ (target − mean)², mean over the outputs; None where targets do not vary
        or there is one sample."""
        spread = np.square(self.targets - self.targets.mean(0)).sum(0)
        if not (spread > 0).all():
            return None
        return float((1 - np.square(self.errors).sum(0) / spread).mean())

    def as_data(self) -> dict[str, Any]:
        """For scripts."""
        return {
            **self.figure, "mae": self.mae, "r2": self.r2, "max_error": self.largest,
            "values": self.outcome.scores.tolist(), **self.outcome.as_data(),
        }  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """What deployment changes of a network's values: by how much in the mean (RMS) and at most, and
    the samples that it changes, the most changed first."""

    rms: float
    largest: float
    changed: tuple[int, ...]

    @classmethod
    def of(cls, before: Regressed, after: Regressed, samples: Sequence[int]) -> Drift:
        """The change from one form to another."""
        moved = np.abs(after.outcome.scores - before.outcome.scores)
        most = moved.max(1)
        order = np.argsort(-most, kind="stable")
        return cls(
            float(np.sqrt(np.square(moved).mean())),
            float(most.max()),
            tuple(samples[n] for n in order if most[n] > 0),
        )

    def as_data(self) -> dict[str, Any]:
        """For scripts."""
        return {"rms": self.rms, "largest": self.largest, "samples": list(self.changed)}
