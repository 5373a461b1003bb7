"""The order in which the engine has neurons: channels last, padded to whole vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from snnvae.compiled import njit
from snnvae.hardware_sim.fast.sums import LANES
from snnvae.primitive import Shape

FEW_CHANNELS = 8
"""Up to so many channels of a map are not padded: they are summed another way."""


@dataclass(frozen=True)
class Layout:
    """A population of `shape` (C, *space) or (C,) as rows of `size` = positions × lanes neurons.

    The lanes beyond the channels are neurons that never get anything and never fire.
    """

    shape: Shape

    @property
    def channels(self) -> int:
        """The number of channels C."""
        return self.shape[0] if self.shape else 1

    @property
    def positions(self) -> int:
        """Number of positions in space, 1 for a flat population."""
        return prod(self.shape[1:])

    @property
    def lanes(self) -> int:
        """Channels with their padding."""
        if self.positions > 1 and self.channels <= FEW_CHANNELS:
            return self.channels
        return -(-self.channels // LANES) * LANES

    @property
    def size(self) -> int:
        """Neurons of a row, padding included: whole vectors."""
        return -(-self.positions * self.lanes // LANES) * LANES

    @cached_property
    def places(self) -> np.ndarray:
        """Place in a row of each neuron in C order, int64."""
        channel, position = np.indices((self.channels, self.positions))
        places: np.ndarray = (position * self.lanes + channel).reshape(-1)
        return places

    def spread(self, values: np.ndarray, fill: float | int, dtype: type) -> np.ndarray:
        """A parameter (a scalar or of `shape`) as a row, `fill` in the padding."""
        row: np.ndarray = np.full(self.size, fill, dtype)
        row[self.places] = np.broadcast_to(values, self.shape).reshape(-1)
        return row

    def inward(self, values: np.ndarray, rows: np.ndarray) -> None:
        """Values (B, T, *shape) into rows (B, T, size)."""
        flat = values.reshape(*values.shape[:2], self.channels, self.positions)
        if rows.itemsize == flat.itemsize == 1:
            _by_lane(flat.view(np.uint8), self._by_position(rows).view(np.uint8))
        else:
            self._by_position(rows)[..., : self.channels] = flat.swapaxes(2, 3)

    def outward(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Rows (B, T, size) into values (B, T, *shape)."""
        shape = (*rows.shape[:2], self.channels, self.positions)
        source = self._by_position(rows)
        if rows.itemsize == 1:
            _by_channel(source.view(np.uint8), values.reshape(shape).view(np.uint8))
        else:
            values.reshape(shape)[...] = source[..., : self.channels].swapaxes(2, 3)

    def _by_position(self, rows: np.ndarray) -> np.ndarray:
        """Rows (B, T, size) as (B, T, positions, lanes), not copied."""
        used = rows[..., : self.positions * self.lanes]
        return used.reshape(*rows.shape[:2], self.positions, self.lanes)


@njit()
def _by_channel(source, target):  # type: ignore[no-untyped-def]
    """(B, T, P, lanes) → (B, T, C, P), as byte copies go fastest."""
    samples, steps, channels, positions = target.shape
    for b in range(samples):
        for t in range(steps):
            for c in range(channels):
                for p in range(positions):
                    target[b, t, c, p] = source[b, t, p, c]


@njit()
def _by_lane(source, target):  # type: ignore[no-untyped-def]
    """(B, T, C, P) → (B, T, P, lanes), a stretch of positions at a time."""
    samples, steps, channels, positions = source.shape
    for b in range(samples):
        for t in range(steps):
            for start in range(0, positions, 64):
                for c in range(channels):
                    for p in range(start, min(start + 64, positions)):
                        target[b, t, p, c] = source[b, t, c, p]
