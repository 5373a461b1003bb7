"""``snnvae diagnose``: figures, files, mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snnvae import zoo
from snnvae.families.images.config import Config
from snnvae.train import checkpoint
from snnvae.train.build import build

Cli = Callable[..., Any]
SMALL = ("--samples", 20, "--draws", 2, "--iterations", 2, "--aggregate", 40)


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_it_prints_and_writes_the_same(cli: Cli, tmp_path: Path, kind: str) -> None:
    model = zoo.path(f"digits-{kind}", ".pt")
    ended = cli("diagnose", model, *SMALL, "-o", tmp_path / "out")
    assert ended.code == 0, ended.err
    for part in ("20 held-out images", "decoder: error of the best spikes", "What follows:"):
        assert part in ended.out
    names = {"diagnosis.json", "diagnosis.md", "diagnosis.png"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    printed = json.loads(cli("diagnose", model, *SMALL, "--json").out)
    assert printed == json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    assert printed["model"] == kind
    assert printed["loss"].keys() == {"images", "total", "encoder", "draws", "decoder", "spread"}
    assert printed["loss"]["encoder"].keys() == {"loss", "share", "error"}
    assert {"auc", "kl_nats", "mmd2", "active", "differences"} <= printed["prior"].keys()
    assert printed["suggestions"][0].keys() == {"about", "text", "command"}
    assert [c["label"] for c in printed["classes"]] == sorted(
        c["label"] for c in printed["classes"]
    )


def test_what_it_suggests_can_be_run(cli: Cli, tmp_path: Path) -> None:
    """Each command is one that `snnvae train` takes: it gets as far as the folder."""
    out = json.loads(cli("diagnose", zoo.path("digits-esvae", ".pt"), *SMALL, "--json").out)
    commands = [s["command"] for s in out["suggestions"] if s["command"]]
    assert commands
    (tmp_path / "file").touch()
    for command in commands:
        words = command.replace("runs/next", str(tmp_path / "file" / "x")).split()
        assert words[:2] == ["snnvae", "train"]
        assert "cannot write" in cli(*words[1:]).mistake


@pytest.mark.parametrize("kind", ["ann-vae", "autoencoder"])
def test_a_model_without_spikes_is_refused(cli: Cli, tmp_path: Path, kind: str) -> None:
    path = checkpoint.save(tmp_path / "model.pt", build(Config.default(kind)))
    line = cli("diagnose", path, "-o", tmp_path / "out").mistake
    assert f"is an {kind}, which has no spikes: give an esvae or an fsvae" in line
    assert not (tmp_path / "out").exists()


def test_nir_is_refused(cli: Cli, model: Path) -> None:
    assert "is NIR or other HDF5, not a checkpoint" in cli("diagnose", model).mistake


@pytest.mark.parametrize(
    "option", [("--samples", 0), ("--draws", 1), ("--iterations", 0), ("--aggregate", 3)]
)
def test_counts_that_make_no_sense(cli: Cli, option: tuple[str, int]) -> None:
    assert option[0] in cli("diagnose", zoo.path("digits-esvae", ".pt"), *option).mistake
