"""What one form of a network made of all samples: the trained module, or a deployed program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnvae.evaluate.task.readout import Readout


@dataclass(frozen=True)
class Outcome:
    """scores: the readout, (B, n) float64. second: membranes that decide between equal scores, in
    NIR's units, where they are known. silent: samples of which no output neuron fired. spikes,
    operations: of the network per sample, synaptic operations that hardware performs among them;
    None where nothing counts them. beside: on another backend than the one that was asked for.
    """

    name: str
    scores: np.ndarray
    second: np.ndarray | None = None
    silent: int | None = None
    spikes: float | None = None
    operations: float | None = None
    beside: bool = False

    @property
    def tied(self) -> np.ndarray:
        """Tells for each sample whether several outputs share the best score, (B,)."""
        return tied(self.scores)

    def as_data(self) -> dict[str, Any]:
        """For scripts: what is known beside the scores."""
        found = {
            "silent": self.silent, "spikes": self.spikes, "synaptic_operations": self.operations,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}


def tied(scores: np.ndarray) -> np.ndarray:
    """Tells for each row of (B, n) whether its highest value is there more than once."""
    best: np.ndarray = scores == scores.max(1, keepdims=True)
    shared: np.ndarray = best.sum(1) > 1
    return shared


def is_silent(readout: Readout, scores: np.ndarray, steps: int) -> np.ndarray:
    """Tells for each sample whether no spike is behind its scores, (B,)."""
    nothing = -steps if readout == "first-spike" else 0
    quiet: np.ndarray = (scores == nothing).all(1)
    return quiet
