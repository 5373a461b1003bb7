"""What `snnvae evaluate` takes of a trained module: its graph, its weights, samples and labels."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import torch
from torch import nn

import snnvae as sv


def save(
    folder: Path, module: nn.Module, graph: nir.NIRGraph, x: np.ndarray, y: np.ndarray
) -> None:
    """net.nir, weights.pt, and the samples with their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    sv.write(graph, folder / "net.nir")
    torch.save(module.state_dict(), folder / "weights.pt")
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
