"""`snnvae demo`: one command makes, per model, everything that a user wants to look at."""

from __future__ import annotations

import json
from pathlib import Path

import nir
import numpy as np
import pytest
from command_line import printed
from PIL import Image
from thorough import often

from snnvae.families.resolve import resolve
from snnvae.primitives.nir_nodes import register_nodes
from snnvae.recording import Recording
from snnvae.train.fit import fit


@pytest.mark.slow
@pytest.mark.parametrize("names", often(["esvae", "esvae fsvae"], ["esvae"]))
def test_the_demo_writes_pictures_recordings_reports_and_parity(tmp_path: Path, names: str) -> None:
    """One model's training of one epoch is there, as of a demo that was stopped: what follows is
    done again, and the training is not."""
    before = fit(resolve("esvae-digits-lasting", {"epochs": 1}), tmp_path / "esvae")
    assert before is not None
    content = before.read_bytes()
    models = tuple(names.split())
    chosen = () if len(models) > 1 else ("--model", *models)  # without a word it is both
    demo = ("demo", *chosen, "--epochs", 1, "--samples", 8, "--json", "-o", tmp_path)
    said = json.loads(printed(*demo))
    assert before.read_bytes() == content
    assert tuple(said) == models
    for model in models:
        folder = tmp_path / model
        assert said[model]["agrees"]
        assert set(said[model]["mse"]) == {"norse", "float", "fixed"}
        assert "0 mismatching spikes" in (folder / "parity.txt").read_text()
        assert "generator" in {p.stem for p in folder.glob("*.nir")}
        for precision in ("float", "fixed"):
            results = folder / precision
            assert np.load(results / "images.npy").shape == (8, 1, 8, 8)
            for picture in ("images.png", "reconstruction/reconstructions.png"):
                with Image.open(results / picture) as image:
                    assert image.width > 100
            assert "Estimate, not a measurement" in (results / "report.html").read_text()
            recording = Recording.load(results / "recording.h5")
            assert recording.info["precision"] == precision
            register_nodes()
            assert isinstance(nir.read(results / "recording.h5"), nir.NIRGraph)
