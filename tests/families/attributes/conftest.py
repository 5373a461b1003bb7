"""Models of glyphs, small and hardly trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import printed

SMALL = ("--widths", "24", "--decoder-widths", "20,24", "--latent", 6, "--steps", 4)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Trains a model once, into a folder by its name: (name, words of `train`)."""
    root: Path = tmp_path_factory.mktemp("attributes")

    def run(name: str, *words: object) -> Path:
        folder = root / name
        if not folder.exists():
            printed("train", *words, "-o", folder)
        return folder

    return run


@pytest.fixture(scope="session")
def glyphs(runs: Any) -> Path:
    """A spiking model's folder."""
    folder: Path = runs("glyphs", "attribute-vae", *SMALL, "--epochs", 3, "--split", 1)
    return folder
