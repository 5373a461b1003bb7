"""A trained model meets images of another kind: one line, whichever command it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import printed, snnvae
from image_sets import save, smooth

TINY = ("--widths", "4", "--latent", "4", "--steps", "2", "--batch", "4", "--epochs", "1")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders: grey, rgb, and classes a and b of greys."""
    monkeypatch.setenv("SNNVAE_CACHE", str(tmp_path / "cache"))
    for name, channels in (("grey", 1), ("rgb", 3), ("by_class/a", 1), ("by_class/b", 1)):
        for i in range(12):
            save(tmp_path / name / f"{i:02}.png", smooth(8, 8, i, channels))
    return tmp_path


@pytest.mark.parametrize("model", ["esvae", "ann-vae"])
@pytest.mark.parametrize(("own", "other"), [("grey", "rgb"), ("rgb", "grey")])
def test_other_colours(images: Path, model: str, own: str, other: str) -> None:
    train = ("train", "--model", model, "--dataset", "folder", "--data-dir", images / own)
    printed(*train, *TINY, "-o", images / "run")
    path, data = images / "run" / "model.pt", ("--data-dir", images / other)
    for command in (
        ("evaluate", path),
        ("diagnose", path),
        ("train", "--resume", "-o", path.parent),
    ):
        if model == "ann-vae" and command[0] == "diagnose":
            continue
        assert "folder has images (channels, height, width)" in snnvae(*command, *data).mistake


def test_a_conditional_model_and_images_without_classes(images: Path) -> None:
    train = ("train", "--model", "esvae", "--dataset", "folder", "--conditional", *TINY)
    printed(*train, "--data-dir", images / "by_class", "-o", images / "run")
    path, data = images / "run" / "model.pt", ("--data-dir", images / "grey")
    for metric in ("mse", "recognised"):
        evaluate = ("evaluate", path, "--metric", metric, "--generated", 4)
        assert "'folder' has no classes" in snnvae(*evaluate, *data).mistake
    generator = images / "generator.nir"
    printed("export", path, "-o", generator)
    evaluate = ("evaluate", generator, "--metric", "recognised", "--generated", 4)
    assert "the training images are of one class" in snnvae(*evaluate, *data).mistake


def test_features_are_not_trained_on_in_another_models_folder(images: Path) -> None:
    data = ("--dataset", "folder", "--data-dir", images / "grey")
    printed("train", "--model", "esvae", *data, *TINY, "-o", images / "run")
    mistake = snnvae("train-fad", *data, "--resume", "-o", images / "run").mistake
    assert "holds a training of an esvae" in mistake
