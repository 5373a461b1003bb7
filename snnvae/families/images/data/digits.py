"""The handwritten digits that scikit-learn ships: small, and always at hand."""

from __future__ import annotations

import numpy as np

from snnvae.extras import require
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.resize import resize

SIDE = 8
HELD_OUT = 297
LEVELS = 16
"""Grey levels above black."""
SPLIT_SEED = 0


def read(side: int = SIDE) -> Split:
    """1,797 greyscale 8×8 digits (UCI, Alpaydin & Kaynak 1998): 1,500 to train on and 297 held
    out, chosen by a fixed permutation. Another side goes by way of 256 grey levels."""
    require("sklearn")
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    pixels, levels = values.reshape(-1, 1, SIDE, SIDE), LEVELS
    if side != SIDE:
        pixels, levels = np.rint(pixels * (255 / LEVELS)), 255
    pixels = resize(pixels.astype(np.uint8), side)
    labels = labels.astype(np.int64)
    order = np.random.Generator(np.random.Philox(key=SPLIT_SEED)).permutation(len(pixels))
    train, test = order[HELD_OUT:], order[:HELD_OUT]
    return Split(
        Images(pixels[train], levels), Images(pixels[test], levels), labels[train], labels[test]
    )
