"""Conditional models as a user calls them, from training to Lava, energy and judgement."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sets import save, smooth
from thorough import often

from snnvae.families.images.data import load

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Any]
TINY = ("--widths", "4,6", "--latent", "5", "--steps", "2", "--batch", "500")


def told(cli: Cli, *arguments: object) -> dict[str, Any]:
    """What a command says with --json."""
    ended = cli(*arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def run(cli: Cli, folder: Path, *arguments: object) -> dict[str, Any]:
    """`simulate` or `run-lava` into a folder → what it says and the images."""
    said = told(cli, *arguments, "-o", folder)
    return {**said, "images": np.load(folder / "images.npy")}


@pytest.mark.parametrize("model", often(["esvae", "fsvae"], ["esvae"]))
def test_a_conditional_model_from_training_to_lava(cli: Cli, tmp_path: Path, model: str) -> None:
    out, nir = tmp_path / "run", tmp_path / "generator.nir"
    train = ("train", "--model", model, *TINY, "--k", "2", "--epochs", "1", "--conditional")
    for command in (
        (*train, "-o", out),
        ("export", out / "model.pt", "-o", nir),
        ("export", out / "model.pt", "-o", tmp_path / "auto.nir", "--part", "autoencoder"),
    ):
        assert cli(*command).code == 0
    few = ("--samples", "12", "--precision", "fixed")
    in_turn = run(cli, tmp_path / "a", "simulate", nir, *few)
    assert in_turn["classes"] == [*range(10), 0, 1]
    sevens = run(cli, tmp_path / "b", "simulate", nir, *few, "--class", "7")
    assert sevens["classes"] == [7] * 12
    same = [np.array_equal(a, b) for a, b in zip(in_turn["images"], sevens["images"])]
    assert same[7]
    lava = run(cli, tmp_path / "c", "run-lava", nir, *few, "--class", "7")
    np.testing.assert_array_equal(lava["images"], sevens["images"])
    found = told(cli, "evaluate", out / "model.pt", "--metric", "recognised", "--generated", 20)
    assert set(found["recognised"]) == {"norse", "float", "fixed"}
    assert found["recogniser_accuracy"]["fixed"] > 0.97
    assert set(found["recognised_by_class"]["fixed"]) == set(map(str, range(10)))
    halves = [tmp_path / f"auto.{part}.nir" for part in ("encoder", "decoder")]
    auto = [halves[0], "--decoder", halves[1]] if model == "esvae" else [tmp_path / "auto.nir"]
    copies = run(cli, tmp_path / "d", "simulate", *auto, "--samples", "5")
    assert copies["classes"] == load("digits").test_labels[:5].tolist()
    assert cli("energy", tmp_path / "a" / "recording.h5").code == 0


def test_what_has_no_classes_is_not_trained_by_class(cli: Cli, tmp_path: Path) -> None:
    images = tmp_path / "images"
    for i in range(4):
        save(images / f"{i}.png", smooth(8, 8, i))
    own = ("--dataset", "folder", "--data-dir", images, "--image-size", "8")
    for given in (own, ("--dataset", "celeba")):
        ended = cli("train", "--model", "esvae", *given, "--conditional", "-o", tmp_path / "run")
        assert "has no classes: leave out --conditional" in ended.mistake
    assert not (tmp_path / "run").exists()
