"""A small pair of files of features and attributes, as the field exchanges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

CLASSES, ATTRIBUTES, INPUTS, EACH = 8, 4, 12, 30
UNSEEN = (2, 5)
"""From 0."""


def contents(seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of res101.mat and att_splits.mat: features are a linear function of attributes, and noise."""
    rng = np.random.default_rng(seed)
    table = rng.random((CLASSES, ATTRIBUTES)) * 3 - 1
    label = np.repeat(np.arange(CLASSES), EACH)
    x = table[label] @ rng.normal(size=(ATTRIBUTES, INPUTS))
    x = 40 + 10 * (x + 0.2 * rng.normal(size=x.shape))
    order = rng.permutation(len(label))
    x, label = x[order], label[order]
    seen = np.flatnonzero(~np.isin(label, UNSEEN)) + 1
    unseen = np.flatnonzero(np.isin(label, UNSEEN)) + 1
    held = len(seen) // 4
    return (
        {
            "features": x.T,
            "labels": label[:, None] + 1,
            "image_files": np.array(["a", "b"], object),
        },
        {
            "att": table.T,
            "trainval_loc": seen[held:, None],
            "test_seen_loc": seen[:held, None],
            "test_unseen_loc": unseen[:, None],
        },
    )


def write(folder: Path, **changes: Any) -> Path:
    """Writes both; changes: other arrays by name, None to leave one out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, held in zip(("res101.mat", "att_splits.mat"), contents()):
        held |= {key: value for key, value in changes.items() if key in held}
        savemat(
            folder / name, {k: v for k, v in held.items() if v is not None}, do_compression=True
        )
    return folder
