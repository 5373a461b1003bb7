"""Inception score and FID, by torchmetrics and torch-fidelity's Inception, where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError
from snnvae.extras import require

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
"""Under which name torch-fidelity keeps its Inception in torch's hub folder."""
BATCH = 64


def weights_file(given: Path | None) -> Path:
    """The Inception weights on disk.

    DataError says where they come from, MissingError what to install.
    """
    require("torchmetrics", "torch_fidelity")
    import torch

    path = given or Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
    if not path.is_file():
        raise DataError(
            f"no Inception weights at {path}: download {WEIGHTS} from torch-fidelity's release "
            "v0.2.0 on GitHub, or name a file with `inception`"
        )
    return path


def inception_scores(
    real: NDArray[np.floating], generated: NDArray[np.floating], weights: Path
) -> dict[str, float]:
    """{'is': mean, 'is_std': …, 'fid': …} of images (N, C, H, W) in [−1, 1]."""
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.inception import InceptionScore

    fid = FrechetInceptionDistance(feature_extractor_weights_path=str(weights))
    score = InceptionScore(feature_extractor_weights_path=str(weights))
    for images, is_real in ((real, True), (generated, False)):
        for at in range(0, len(images), BATCH):
            batch = _bytes(images[at : at + BATCH])
            fid.update(batch, real=is_real)
            if not is_real:
                score.update(batch)
    mean, spread = score.compute()
    return {"is": float(mean), "is_std": float(spread), "fid": float(fid.compute())}


def _bytes(images: NDArray[np.floating]):  # type: ignore[no-untyped-def]
    """(B, C, H, W) in [−1, 1] → uint8 tensor (B, 3, H, W)."""
    import torch

    pixels = torch.from_numpy(np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8))
    return pixels.expand(-1, 3, -1, -1) if pixels.shape[1] == 1 else pixels
