"""Images as one PNG grid."""

from __future__ import annotations

from math import ceil, sqrt
from pathlib import Path

import numpy as np
from PIL import Image

from snnvae.files import open_aside

MIN_SIDE = 48
"""Small images are enlarged to at least this many pixels, each pixel a square."""


def grid(images: np.ndarray, columns: int | None = None, gap: int = 4) -> Image.Image:
    """(N, C, H, W) in [−1, 1], C = 1 or 3 → a picture of N tiles, row by row."""
    count, channels, height, width = images.shape
    columns = columns or ceil(sqrt(count))
    rows = ceil(count / columns)
    zoom = max(1, ceil(MIN_SIDE / max(height, width)))
    tile_h, tile_w = height * zoom + gap, width * zoom + gap
    canvas = np.full((rows * tile_h + gap, columns * tile_w + gap, channels), 96, np.uint8)
    pixels = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
    for i, image in enumerate(pixels):
        y, x = divmod(i, columns)
        tile = image.transpose(1, 2, 0).repeat(zoom, 0).repeat(zoom, 1)
        top, left = gap + y * tile_h, gap + x * tile_w
        canvas[top : top + height * zoom, left : left + width * zoom] = tile
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)


def save_grid(images: np.ndarray, path: Path, columns: int | None = None) -> None:
    """Write the grid aside and rename it into place."""
    with open_aside(path) as file:
        grid(images, columns).save(file, format="PNG")


def pairs(originals: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Originals and reconstructions side by side: o₀ r₀ o₁ r₁ …, for a grid of even width."""
    return np.stack([originals, copies], axis=1).reshape(-1, *originals.shape[1:])


def is_image(values: np.ndarray) -> bool:
    """Tells whether an output (B, …) can be shown: (B, 1 or 3, H, W) with H, W > 1."""
    return values.ndim == 4 and values.shape[1] in (1, 3) and min(values.shape[2:]) > 1


def mse(images: np.ndarray, copies: np.ndarray) -> float:
    """Mean squared error per pixel, pixels in [−1, 1]."""
    return float(np.mean((np.asarray(copies, np.float64) - images) ** 2))
