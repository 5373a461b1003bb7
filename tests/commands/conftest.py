"""The command line in this process, and small networks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import Cli, snnvae
from small_models import write_sampled

from snnvae.energy.report.plots import style
from snnvae.export.nir_file import write_nir


@pytest.fixture(scope="session")
def cli() -> Cli:
    """cli('inspect', path) → how it ended."""
    return snnvae


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without their pictures, which take most of a small run's time, where they are not
    what is asked: they are drawn in tests/energy/report."""
    monkeypatch.setattr(style, "_inline", lambda figure: "<svg/>")


@pytest.fixture
def model(nets: Any, tmp_path: Path) -> Path:
    """A small network that takes spikes."""
    path = tmp_path / "model.nir"
    write_nir(nets.small(), path)
    return path


@pytest.fixture
def sampled(nets: Any, tmp_path: Path) -> Path:
    """A small network with a sampler: it needs no data, and its output is an image."""
    return write_sampled(nets, tmp_path)
