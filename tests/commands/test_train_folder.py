"""Folders of images from the command line: what was taken is said, remedies can be followed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from command_line import printed, snnvae
from image_sets import save, smooth

TINY = ("--latent", "4", "--steps", "2", "--batch", "4", "--epochs", "1")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """20 grey pictures, 16 pixels wide and high."""
    monkeypatch.setenv("SNNVAE_CACHE", str(tmp_path / "cache"))
    for i in range(20):
        save(tmp_path / "img" / f"{i:02}.png", smooth(16, 16, i, channels=1))
    (tmp_path / "img" / "moving.gif").write_bytes(b"")
    return tmp_path / "img"


def settings(run: Path) -> dict[str, object]:
    import torch

    found: dict[str, object] = torch.load(run / "model.pt", weights_only=True)["config"]
    return found


def test_equally_large_images_are_taken_as_they_are(images: Path, tmp_path: Path) -> None:
    train = ("train", "--config", "esvae-folder", "--data-dir", images)
    said = snnvae(*train, *TINY, "-o", tmp_path / "r").err  # at once, not when it is trained
    assert "18 images to train on, 2 to judge by (one in 10, held out), 16 × 16 pixels" in said
    assert "1 file left out (1 .gif)" in said
    assert settings(tmp_path / "r")["widths"] == [32, 64, 128]


def test_images_of_several_sizes_need_one(images: Path, tmp_path: Path) -> None:
    save(images / "zz.png", smooth(30, 20, channels=1))
    train = ("train", "--model", "ann-vae", "--dataset", "folder", "--data-dir", images)
    mistake = snnvae(*train, *TINY, "-o", tmp_path / "r").mistake
    assert "images of several sizes" in mistake
    assert "say with --image-size how large" in mistake


def test_the_remedy_for_features_of_another_size_can_be_followed(
    images: Path, tmp_path: Path
) -> None:
    data = ("--dataset", "folder", "--data-dir", images)
    train = ("train", "--model", "esvae", *data, "--image-size", "8", "--widths", "4", *TINY)
    printed(*train, "-o", tmp_path / "r")
    small = ("--widths", "4", "--epochs", "1", "--batch", "4")
    printed("train-fad", *data, *small, "-o", tmp_path / "wrong")
    evaluate = ("evaluate", tmp_path / "r" / "model.pt", "--data-dir", images, "--metric", "fad")
    more = ("--precision", "float", "--generated", "8", "--json", "--features")
    mistake = snnvae(*evaluate, *more, tmp_path / "wrong" / "model.pt").mistake
    (remedy,) = re.findall(r"by `(snnvae train-fad.*)`", mistake)
    printed(*shlex.split(remedy)[1:], *data, *small, "-o", tmp_path / "right")
    found = json.loads(printed(*evaluate, *more, tmp_path / "right" / "model.pt"))
    assert found["fad"]["float"] >= 0
