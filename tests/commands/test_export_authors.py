"""`snnvae export authors.pth --from fsvae|esvae`: a published checkpoint becomes a running NIR."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import published_vae as published
import pytest
import torch

from snnvae import zoo
from snnvae.export.nir_file import read_nir

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Any]
both = pytest.mark.parametrize("kind", ["fsvae", "esvae"])


@pytest.fixture
def authors(tmp_path: Path) -> Callable[[str], Path]:
    def save(kind: str) -> Path:
        path = tmp_path / f"{kind}.pth"
        torch.save(published.state_dict(published.Sizes(kind)), path)
        return path

    return save


@both
def test_exported_it_makes_images(
    cli: Cli, authors: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "model.nir"
    ended = cli("export", authors(kind), "--from", kind, "-o", out, "--steps", 7, "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == {"files": {"generator": str(out)}}
    own = read_nir(out).metadata["snnvae"]
    assert (own["model"], own["steps"], own["part"]) == (kind, 7, "generator")
    for steps, folder in ((7, "a"), (9, "b")):
        simulated = cli("simulate", out, "--samples", 2, "--steps", steps, "-o", tmp_path / folder)
        assert simulated.code == 0, simulated.err
    images = np.load(tmp_path / "a" / "images.npy")
    assert images.shape == (2, 1, 8, 8)
    assert np.ptp(images) > 0.5


def test_an_esvae_becomes_encoder_and_decoder(
    cli: Cli, authors: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "model.nir"
    options = ("--from", "esvae", "--part", "autoencoder", "-o", out)
    assert cli("export", authors("esvae"), *options).code == 0
    assert {path.name for path in tmp_path.glob("*.nir")} == {
        "model.encoder.nir",
        "model.decoder.nir",
    }


@both
def test_without_from_the_remedy_is_from(
    cli: Cli, authors: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    line = cli("export", authors(kind), "-o", tmp_path / "g.nir").mistake
    assert f"{kind}.pth has the names of a published {kind.upper()}: add --from {kind}" in line
    assert not (tmp_path / "g.nir").exists()


def test_mistakes(cli: Cli, authors: Callable[[str], Path], tmp_path: Path) -> None:
    out, fsvae = tmp_path / "g.nir", authors("fsvae")
    calls: dict[tuple[Any, ...], str] = {
        (fsvae, "--from", "esvae"): "is an FSVAE, not an ESVAE: use --from fsvae",
        (fsvae, "--from", "fsvae", "--steps", 16): "is made for T = 7 steps, not 16",
        (fsvae, "--from", "fsvae", "--input-shape", "2"): "--input-shape is for a module such as",
        (zoo.path("digits-esvae", ".pt"), "--from", "esvae"): "leave --from out",
        (zoo.path("digits-esvae"), "--from", "esvae"): "is not a torch file",
        ("net.py:build", "--from", "esvae"): "--from is for a file of weights",
        (fsvae, "--from", "vae"): "'vae' is not one of",
    }
    for arguments, message in calls.items():
        assert message in cli("export", *arguments, "-o", out).mistake
        assert not out.exists()


def test_what_it_was_trained_on_is_the_users_to_say(
    cli: Cli, authors: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "model.nir"
    export = ("export", authors("esvae"), "-o", out)
    for given, found in (((), "mnist"), (("--dataset", "fashion-mnist"), "fashion-mnist")):
        assert cli(*export, "--from", "esvae", *given).code == 0
        assert read_nir(out).metadata["snnvae"]["dataset"] == found
    assert "add --from" in cli(*export, "--dataset", "mnist").mistake


@both
def test_it_is_evaluated_and_trained_on_like_a_checkpoint_of_ours(
    cli: Cli, authors: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    """Known by its names; digits in place of the data that a grey image suggests."""
    path, small = authors(kind), ("--samples", 4, "--precision", "float", "--json")
    ended = cli("evaluate", path, "--dataset", "digits", *small)
    assert ended.code == 0, ended.err
    assert set(json.loads(ended.out)["mse"]) == {"norse", "float"}
    run = tmp_path / "run"
    train = ("train", "--from", path, "--dataset", "digits", "--epochs", 1, "--lr", "1e-9")
    ended = cli(*train, "--batch", 500, "--weight-decay", 0, "-o", run)
    assert ended.code == 0, ended.err
    config = torch.load(run / "model.pt", weights_only=True)
    kernel = torch.load(path)["encoder.0.weight"][..., 0]
    assert torch.allclose(config["state_dict"]["encoder.0.synapse.weight"], kernel, atol=1e-6)
    assert config["config"]["dataset"] == "digits"
    assert (
        "--dataset is for published" in cli("evaluate", run / "model.pt", "--dataset", "x").mistake
    )
