"""Glyphs: 16×16 drawings of two to six strokes, which are the attributes.

Seven segments and two diagonals, drawn with a slant, a place, a width and ends that differ from
drawing to drawing, and with noise. Fifty classes are a set of strokes each;
each of five splits leaves other ten of them unseen. Nothing is read or downloaded: drawing n of
class c is a function of c and n.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snnvae.families.attributes.data.described import Described, Split

SIDE, STROKES = 16, 9
CLASSES, UNSEEN, SPLITS = 50, 10, 5
TRAINING, TEST = 100, 40
"""Drawings of each class."""
FEWEST, MOST = 2, 6
"""Strokes of a class."""
LEFT, RIGHT, TOP, MIDDLE, BOTTOM = 4.5, 10.5, 2.5, 7.5, 12.5
ENDS = (
    ((LEFT, TOP), (RIGHT, TOP)),
    ((LEFT, MIDDLE), (RIGHT, MIDDLE)),
    ((LEFT, BOTTOM), (RIGHT, BOTTOM)),
    ((LEFT, TOP), (LEFT, MIDDLE)),
    ((RIGHT, TOP), (RIGHT, MIDDLE)),
    ((LEFT, MIDDLE), (LEFT, BOTTOM)),
    ((RIGHT, MIDDLE), (RIGHT, BOTTOM)),
    ((LEFT, TOP), (RIGHT, BOTTOM)),
    ((LEFT, BOTTOM), (RIGHT, TOP)),
)
"""Both ends (x, y) of each stroke, in pixels from the upper left."""
JITTER, SHIFT, SLANT, NOISE = 0.3, 0.4, 0.1, 0.2
"""Deviations: of each end and of the whole in pixels, of the shear, and of each pixel's value."""
THINNEST, THICKEST = 1.0, 2.2
"""Width of the strokes in pixels."""
SEED = 1709
"""Of the classes, the splits and the drawings."""
CHOICES = 1 << 32
"""Sub-stream of the classes and the splits, beyond those of drawings."""


@cache
def table() -> NDArray[np.float64]:
    """The strokes of each class, 0.0 or 1.0: (50, 9)."""
    sets = [s for n in range(FEWEST, MOST + 1) for s in combinations(range(STROKES), n)]
    chosen = np.sort(_random(CHOICES, 0).permutation(len(sets))[:CLASSES])
    found = np.zeros((CLASSES, STROKES))
    for row, place in zip(found, chosen):
        row[list(sets[place])] = 1.0
    return found


def unseen(split: int) -> NDArray[np.int64]:
    """The ten classes that a split leaves out."""
    return np.sort(_random(CHOICES, 1 + split).permutation(CLASSES)[:UNSEEN])


@cache
def _drawings() -> NDArray[np.float32]:
    """All of all classes, in [−1, 1]: (50, 140, 256)."""
    numbers = range(TRAINING + TEST)
    return np.stack([draw(strokes, c, numbers) for c, strokes in enumerate(table())])


def draw(strokes: NDArray[np.float64], purpose: int, numbers: Sequence[int]) -> NDArray[np.float32]:
    """Drawings (N, 256) in [−1, 1] of the strokes that are 1 of nine; drawing n by the random
    numbers of its own sub-stream."""
    drawn = [_Drawn.by(_random(purpose, n)) for n in numbers]
    ends = np.stack([each.ends[strokes > 0] for each in drawn])[:, None]
    half = np.array([each.width for each in drawn])[:, None] / 2
    y, x = np.mgrid[:SIDE, :SIDE].reshape(2, -1, 1).astype(np.float64)
    (x0, y0), (x1, y1) = (np.moveaxis(ends[..., i, :], -1, 0) for i in (0, 1))
    across, down, x, y = x1 - x0, y1 - y0, x - x0, y - y0
    part = np.clip((x * across + y * down) / (across**2 + down**2), 0, 1)
    nearest = np.sqrt(((x - part * across) ** 2 + (y - part * down) ** 2).min(-1))
    ink = np.clip(0.5 + half - nearest, 0, 1)
    return np.clip(2 * ink - 1 + np.stack([d.noise for d in drawn]), -1, 1).astype(np.float32)


class _Drawn(NamedTuple):
    """What is random about a drawing."""

    ends: NDArray[np.float64]
    width: float
    noise: NDArray[np.float64]

    @classmethod
    def by(cls, random: np.random.Generator) -> _Drawn:
        ends = np.array(ENDS) + random.normal(0, JITTER, (STROKES, 2, 2))
        ends[..., 0] += random.normal(0, SLANT) * ((SIDE - 1) / 2 - ends[..., 1])
        ends += random.normal(0, SHIFT, 2)
        width = random.uniform(THINNEST, THICKEST)
        return cls(ends, width, random.normal(0, NOISE, SIDE * SIDE))


def read(split: int) -> Described:
    """The drawings, with ten classes unseen: 100 of each class to train on, 40 held out."""
    images = _drawings()
    label = np.arange(CLASSES)

    def rows(first: int, last: int) -> Split:
        # A drawing of each class in turn, so that any number of them shows all.
        some = images[:, first:last].swapaxes(0, 1).reshape(-1, SIDE * SIDE)
        return Split(some, np.tile(label, last - first))

    one = np.ones(SIDE * SIDE)
    train, test = rows(0, TRAINING), rows(TRAINING, TRAINING + TEST)
    return Described(train, test, table(), unseen(split), -one, one)


def sizes() -> tuple[int, int, int]:
    """Pixels, classes, attributes."""
    return SIDE * SIDE, CLASSES, STROKES


def _random(purpose: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=SEED, counter=[0, 0, purpose, number]))
