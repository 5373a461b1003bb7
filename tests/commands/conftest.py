"""The command line in this process, and small networks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import Cli, snnvae

from snnvae.export.nir_file import write_nir


@pytest.fixture(scope="session")
def cli() -> Cli:
    """cli('inspect', path) → how it ended."""
    return snnvae


@pytest.fixture
def model(nets: Any, tmp_path: Path) -> Path:
    """A small network that takes spikes."""
    path = tmp_path / "model.nir"
    write_nir(nets.small(), path)
    return path


@pytest.fixture
def sampled(nets: Any, tmp_path: Path) -> Path:
    """A small network with a sampler: it needs no data, and its output is an image."""
    graph = nets.small()
    sampler = {"kind": "fsvae", "input": "in", "latents": 16, "k": 2}
    graph.metadata["snnvae"]["sampler"] = sampler
    path = tmp_path / "sampled.nir"
    write_nir(graph, path)
    return path
