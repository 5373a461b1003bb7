"""Square images of another side, as Pillow resizes them one by one, many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def resize(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(N, C, H, W) → (N, C, side, side): bilinear, antialiased when it shrinks.

    The same bytes as `Image.resize((side, side), Image.Resampling.BILINEAR)` of each image, which
    scales the rows, rounds to bytes, then scales the columns. So all rows may stand in one tall
    picture, then all columns.
    """
    if pixels.shape[2:] == (side, side):
        return pixels
    wide = _scale_rows(pixels, side)
    return np.ascontiguousarray(_scale_rows(wide.swapaxes(2, 3), side).swapaxes(2, 3))


def _scale_rows(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    *outer, width = pixels.shape
    tall = Image.fromarray(np.ascontiguousarray(pixels).reshape(-1, width))
    scaled = tall.resize((side, tall.height), Image.Resampling.BILINEAR)
    return np.asarray(scaled).reshape(*outer, side)
