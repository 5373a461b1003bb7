"""Files that a command runs without data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnvae.export.nir_file import write_nir


def write_sampled(nets: Any, folder: Path) -> Path:
    """A small network with a sampler: it needs no data, and its output is an image."""
    graph = nets.small()
    sampler = {"kind": "fsvae", "input": "in", "latents": 16, "k": 2}
    graph.metadata["snnvae"]["sampler"] = sampler
    path = folder / "sampled.nir"
    write_nir(graph, path)
    return path
