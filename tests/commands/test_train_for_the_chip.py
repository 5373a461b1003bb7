"""Training for the chip, as a user calls it: --from, --qat, --spike-budget, --adaptive-latent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import printed, snnvae

TINY = ("--widths", "4,6", "--latent", "5", "--batch", "500", "--epochs", "1")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    printed("train", "--model", "esvae", *TINY, "--steps", "4", "-o", out)
    return out / "model.pt"


@pytest.mark.slow
def test_from_float_to_few_spikes_to_fixed_point(whole: Path, tmp_path: Path) -> None:
    """What the training forward reconstructs is what the deployed network does, to the last bit."""
    printed(
        "train", "--from", whole, "--steps", "2", "--anneal", "4", "--spike-budget", "1k",
        "--epochs", "2", "-o", tmp_path / "few",
    )  # fmt: skip
    lines = (tmp_path / "few" / "metrics.jsonl").read_text().splitlines()
    assert all(json.loads(line)["operations"] > 0 for line in lines)
    printed(
        "train", "--from", tmp_path / "few" / "model.pt", "--qat", "loihi2",
        "-o", tmp_path / "fixed",
    )  # fmt: skip
    model = tmp_path / "fixed" / "model.pt"
    errors = json.loads(printed("evaluate", model, "--samples", "40", "--json"))["mse"]
    assert errors["norse"] == errors["fixed"]
    printed("export", model, "-o", tmp_path / "a.nir")
    checked = snnvae(
        "check",
        tmp_path / "a.nir",
        "--checkpoint",
        model,
        "--samples",
        "4",
        "--backend",
        "emulator",
    )
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.thorough
def test_a_smaller_conditional_network(tmp_path: Path) -> None:
    said = printed(
        "train", "--adaptive-latent", "--model", "fsvae", "--conditional", "--widths", "6,6",
        "--latent", "6", "--k", "3", "--steps", "2", "--batch", "100", "--epochs", "2",
        "--tolerance", "5", "--rounds", "1", "-o", tmp_path, "--json",
    )  # fmt: skip
    found = json.loads(said)
    assert found["after"]["neurons"] < found["before"]["neurons"]


@pytest.mark.slow
def test_a_smaller_network_from_the_command_line(tmp_path: Path) -> None:
    said = printed(
        "train", "--adaptive-latent", "--model", "esvae", "--widths", "12,12", "--latent", "12",
        "--steps", "4", "--batch", "50", "--epochs", "6", "--tolerance", "0.5", "--rounds", "1",
        "-o", tmp_path, "--json",
    )  # fmt: skip
    found = json.loads(said)
    assert found == json.loads((tmp_path / "sizes.json").read_text())
    before, after = found["before"], found["after"]
    assert after["neurons"] < before["neurons"]
    assert after["synapses"] < before["synapses"]
    printed("export", tmp_path / "model.pt", "-o", tmp_path / "a.nir")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "esvae", "--qat", "loihi2"), "name its model.pt with --from"),
        (("--model", "esvae", "--rounds", "2"), "are for --adaptive-latent: add it"),
        (("--model", "esvae", "--spike-budget", "few"), "--spike-budget few: write a number"),
        (("--model", "esvae", "--anneal", "4,x"), "--anneal 4,x: write whole numbers"),
        (("--from", "none.pt"), "no checkpoint at none.pt"),
        (("--model", "ann-vae", "--adaptive-latent"), "--adaptive-latent is for spiking models"),
        (("--model", "esvae", "--adaptive-latent", "--memory"), "runs on one CPU in float32"),
        (("--model", "esvae", "--anneal", "8,4", "--epochs", "2"), "epochs 2 are too few"),
    ],
)
def test_mistakes(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    assert said in snnvae("train", *options, "-o", tmp_path / "out").mistake
