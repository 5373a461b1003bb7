"""scikit-learn's digits as spikes, by three codes, each (N, T, …) of bool, the same at every call.

rate: at each step a spike with the probability of the pixel's brightness. latency: one spike per
pixel, the brighter the earlier. events: what an event camera sees of a digit that moves by three
saccades over a view of 16×16, ON where a pixel gets brighter, OFF where it gets darker.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

STEPS, SIZE, VIEW = 16, 8, 16
CONTRAST = 0.2
"""Change of brightness, of [0, 1], that makes an event."""
CORNERS = ((0, 0, 0), (5, 2, 5), (10, 5, 1), (STEPS, 0, 0))
"""Where the saccades end: step, right, down."""
FARTHEST_START = 1
"""Digits start at random between the view's corner and here, so that they stay within it."""


def rate_code(pixels: np.ndarray) -> np.ndarray:
    """(N, 64) of [0, 1] → (N, T, 64)."""
    return np.random.default_rng(0).random((len(pixels), STEPS, SIZE**2)) < pixels[:, None]


def latency_code(pixels: np.ndarray) -> np.ndarray:
    """(N, 64) of [0, 1] → (N, T, 64): a spike at step (1 − pixel)·T; none of a black pixel."""
    return np.floor((1 - pixels) * STEPS)[:, None] == np.arange(STEPS)[None, :, None]


def event_code(pixels: np.ndarray) -> np.ndarray:
    """(N, 64) of [0, 1] → (N, T, 2, 16, 16): ON and OFF events of each step's movement."""
    start = np.random.default_rng(0).integers(0, FARTHEST_START, (2, len(pixels)), endpoint=True)
    time, *path = np.array(CORNERS).T
    moved = [np.rint(np.interp(np.arange(STEPS + 1), time, way)).astype(int) for way in path]
    right, down = (way[:, None] + where for way, where in zip(moved, start))  # (T + 1, N)
    seen = np.zeros((STEPS + 1, len(pixels), VIEW, VIEW))
    within = np.arange(SIZE)
    seen[
        np.arange(STEPS + 1)[:, None, None, None],
        np.arange(len(pixels))[:, None, None],
        down[..., None, None] + within[:, None],
        right[..., None, None] + within,
    ] = pixels.reshape(-1, SIZE, SIZE)
    change = np.diff(seen, axis=0).swapaxes(0, 1)
    return np.stack([change > CONTRAST, change < -CONTRAST], axis=2)


CODES = {"rate": rate_code, "latency": latency_code, "events": event_code}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 64) of [0, 1] and labels (1797,), shuffled."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return pixels[order] / 16, labels[order]
