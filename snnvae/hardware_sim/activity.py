"""Shows people who fired when: a raster of one sample, rates over time, the silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.recording import Recording

SHOWN = 40
"""Neurons of a population that a raster shows, evenly spread."""


@dataclass(frozen=True, eq=False)
class Firing:
    """One population over a run.

    raster: spikes of the first sample, (T, neurons shown) bool; shown: their numbers; by_step: mean
    spikes per neuron at each step (T,); silent: neurons without a spike in any sample; neurons: N.
    """

    raster: np.ndarray
    shown: np.ndarray
    by_step: np.ndarray
    silent: int
    neurons: int


class Watch:
    """Adds up the firing of a recording, block by block; its memory is that of one sample."""

    def __init__(self) -> None:
        self._raster: dict[str, np.ndarray] = {}
        self._by_step: dict[str, np.ndarray] = {}
        self._by_neuron: dict[str, np.ndarray] = {}
        self._samples = 0

    def add(self, recording: Recording) -> None:
        """The next samples."""
        for name, spikes in recording.spikes.items():
            flat = spikes.reshape(*spikes.shape[:2], -1)
            if name not in self._raster:
                self._raster[name] = flat[0][:, _spread(flat.shape[2])].astype(bool)
                self._by_step[name] = np.zeros(flat.shape[1], np.int64)
                self._by_neuron[name] = np.zeros(flat.shape[2], np.int64)
            self._by_step[name] += flat.sum(axis=(0, 2), dtype=np.int64)
            self._by_neuron[name] += flat.sum(axis=(0, 1), dtype=np.int64)
        self._samples += len(next(iter(recording.spikes.values()), ()))

    def firing(self) -> Mapping[str, Firing]:
        """Returns who fired when, by population."""
        return {
            name: Firing(
                raster=raster,
                shown=_spread(len(self._by_neuron[name])),
                by_step=self._by_step[name] / (self._samples * len(self._by_neuron[name])),
                silent=int((self._by_neuron[name] == 0).sum()),
                neurons=len(self._by_neuron[name]),
            )
            for name, raster in self._raster.items()
        }


def _spread(neurons: int) -> np.ndarray:
    """Numbers of the neurons that are shown."""
    return np.unique(np.linspace(0, neurons - 1, min(neurons, SHOWN)).round().astype(np.int64))
