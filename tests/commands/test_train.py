"""`snnvae train` and what follows it, as a user calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from image_sets import save, smooth

from snnvae.train.data import load

TINY = ("--widths", "4,6", "--latent", "5", "--steps", "2", "--batch", "500")


def snnvae(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snnvae", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_run_is_resumed_with_its_own_settings(tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = snnvae("train", "--config", "esvae-digits", *TINY, "--epochs", "1", "-o", out)
    assert first.returncode == 0, first.stderr
    again = snnvae("train", "-o", out, "--resume", "--epochs", "2", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["epoch"] == 2
    assert "add --resume" in snnvae("train", "--model", "esvae", *TINY, "-o", out).stderr


def test_resume_without_a_run_is_a_mistake(tmp_path: Path) -> None:
    done = snnvae("train", "--model", "esvae", "-o", tmp_path / "none", "--resume")
    assert done.returncode == 2
    assert "nothing to resume" in done.stderr


@pytest.mark.slow
def test_ctrl_c_saves_and_resume_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "snnvae", "train", "--model", "esvae", "-o", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (out / "metrics.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    lines = (out / "metrics.jsonl").read_text().splitlines()
    assert 0 < len(lines) < 80
    more = snnvae("train", "-o", out, "--resume", "--epochs", str(len(lines) + 1))
    assert more.returncode == 0, more.stderr
    assert len((out / "metrics.jsonl").read_text().splitlines()) == len(lines) + 1


def test_two_devices_of_a_cpu_share_a_batch(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = snnvae(
        "train", "--model", "esvae", *TINY, "--epochs", "1", "--devices", "2", "-o", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epoch"] == 1
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 1


def test_train_fad_then_evaluate_with_a_card(tmp_path: Path) -> None:
    fad, run = tmp_path / "fad", tmp_path / "run"
    assert snnvae("train-fad", "--dataset", "digits", "--epochs", "1", "-o", fad).returncode == 0
    assert snnvae("train", "--model", "esvae", *TINY, "--epochs", "1", "-o", run).returncode == 0
    done = snnvae(
        "evaluate", run / "model.pt", "--metric", "mse", "--metric", "fad", "--metric", "sops",
        "--features", fad / "model.pt", "--generated", "64", "--samples", "64",
        "--card", tmp_path / "tiny.md", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["mse"]) == set(found["fad"]) == {"norse", "float", "fixed"}
    assert found["mse"]["float"] == pytest.approx(found["mse"]["norse"], rel=1e-4)
    card = (tmp_path / "tiny.md").read_text()
    assert "snnvae train --model esvae --dataset digits --widths 4,6 --latent 5" in card
    assert f"{found['fad']['fixed']:.4f}" in card
    assert "loihi1" in card


def test_the_ann_is_trained_and_judged_but_not_exported(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = snnvae("train", "--model", "ann-vae", *TINY, "--epochs", "1", "-o", out)
    assert done.returncode == 0, done.stderr
    judged = snnvae("evaluate", out / "model.pt", "--samples", "20")
    assert "torch" in judged.stdout
    refused = snnvae("export", out / "model.pt", "-o", tmp_path / "a.nir")
    assert refused.returncode == 2
    assert "has no spikes" in refused.stderr


def run(folder: Path, *arguments: str | Path) -> dict[str, object]:
    """`simulate` or `run-lava` into a folder → what it says and the images."""
    done = snnvae(*arguments, "-o", folder, "--json")
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "images": np.load(folder / "images.npy")}


@pytest.mark.parametrize("model", ["esvae", "fsvae"])
def test_a_conditional_model_from_training_to_lava(tmp_path: Path, model: str) -> None:
    out, nir = tmp_path / "run", tmp_path / "generator.nir"
    train = ("train", "--model", model, *TINY, "--k", "2", "--epochs", "1", "--conditional")
    for command in (
        (*train, "-o", out),
        ("export", out / "model.pt", "-o", nir),
        ("export", out / "model.pt", "-o", tmp_path / "auto.nir", "--part", "autoencoder"),
    ):
        done = snnvae(*command)
        assert done.returncode == 0, done.stderr
    few = ("--samples", "12", "--precision", "fixed")
    in_turn = run(tmp_path / "a", "simulate", nir, *few)
    assert in_turn["classes"] == [*range(10), 0, 1]
    sevens = run(tmp_path / "b", "simulate", nir, *few, "--class", "7")
    assert sevens["classes"] == [7] * 12
    same = [np.array_equal(a, b) for a, b in zip(in_turn["images"], sevens["images"])]
    assert same[7]
    lava = run(tmp_path / "c", "run-lava", nir, *few, "--class", "7")
    np.testing.assert_array_equal(lava["images"], sevens["images"])
    judged = snnvae(
        "evaluate", out / "model.pt", "--metric", "recognised", "--generated", "20", "--json"
    )
    found = json.loads(judged.stdout)
    assert set(found["recognised"]) == {"norse", "float", "fixed"}
    assert found["recogniser_accuracy"]["fixed"] > 0.97
    assert set(found["recognised_by_class"]["fixed"]) == set(map(str, range(10)))
    halves = [tmp_path / f"auto.{part}.nir" for part in ("encoder", "decoder")]
    auto = [halves[0], "--decoder", halves[1]] if model == "esvae" else [tmp_path / "auto.nir"]
    copies = run(tmp_path / "d", "simulate", *auto, "--samples", "5")
    assert copies["classes"] == load("digits").test_labels[:5].tolist()
    report = snnvae("energy", tmp_path / "a" / "recording.h5")
    assert report.returncode == 0, report.stderr


def test_what_has_no_classes_is_not_trained_by_class(tmp_path: Path) -> None:
    images = tmp_path / "images"
    for i in range(4):
        save(images / f"{i}.png", smooth(8, 8, i))
    own = ("--dataset", "folder", "--data-dir", images, "--image-size", "8")
    for given in (own, ("--dataset", "celeba")):
        done = snnvae("train", "--model", "esvae", *given, "--conditional", "-o", tmp_path / "run")
        assert done.returncode == 2
        assert "has no classes: leave out --conditional" in done.stderr
    assert not (tmp_path / "run").exists()
