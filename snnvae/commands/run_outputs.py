"""Writes what a run made, as arrays and pictures, into its result folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnvae import images
from snnvae.files import open_aside
from snnvae.recording import Recording


def write_outputs(
    recording: Recording, originals: np.ndarray | None, out: Path, columns: int | None = None
) -> tuple[dict[str, float], list[Path]]:
    """Outputs as arrays, images as pictures too; beside the originals, if there are any.

    columns: of the picture of all; by default as many as rows.
    """
    figures: dict[str, float] = {}
    written: list[Path] = []
    for name, values in recording.outputs.items():
        kind = "images" if images.is_image(values) else "outputs"
        stem = kind if len(recording.outputs) == 1 else f"{kind}-{name}"
        written.append(out / f"{stem}.npy")
        with open_aside(written[-1]) as file:
            np.save(file, values)
        if not images.is_image(values):
            continue
        written.append(out / f"{stem}.png")
        images.save_grid(values, written[-1], columns)
        if originals is not None and originals.shape == values.shape:
            figures["reconstruction MSE"] = images.mse(originals, values)
            written.append(out / "reconstructions.png")
            images.save_grid(images.pairs(originals, values), written[-1], columns=16)
    return figures, written
