"""`snnvae train` and what follows it, as a user calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from command_line import printed, snnvae

TINY = ("--widths", "4,6", "--latent", "5", "--steps", "2", "--batch", "500")


def test_a_run_is_resumed_with_its_own_settings(tmp_path: Path) -> None:
    out = tmp_path / "run"
    printed("train", "--config", "esvae-digits", *TINY, "--epochs", "1", "-o", out)
    again = printed("train", "-o", out, "--resume", "--epochs", "2", "--json")
    assert json.loads(again)["epoch"] == 2
    assert "add --resume" in snnvae("train", "--model", "esvae", *TINY, "-o", out).mistake


def test_resume_without_a_run_is_a_mistake(tmp_path: Path) -> None:
    ended = snnvae("train", "--model", "esvae", "-o", tmp_path / "none", "--resume")
    assert "nothing to resume" in ended.mistake


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
    printed("train", "-o", out, "--resume", "--epochs", len(lines) + 1)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == len(lines) + 1


def test_two_devices_of_a_cpu_share_a_batch(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ("train", "--model", "esvae", *TINY, "--epochs", "1", "--devices", "2", "--json")
    done = subprocess.run(  # a process of its own, since the second device runs it once more
        [sys.executable, "-m", "snnvae", *command, "-o", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epoch"] == 1
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 1


def test_train_fad_then_evaluate_with_a_card(tmp_path: Path) -> None:
    fad, run = tmp_path / "fad", tmp_path / "run"
    printed("train-fad", "--dataset", "digits", "--epochs", "1", "-o", fad)
    printed("train", "--model", "esvae", *TINY, "--epochs", "1", "-o", run)
    said = printed(
        "evaluate", run / "model.pt", "--metric", "mse", "--metric", "fad", "--metric", "sops",
        "--features", fad / "model.pt", "--generated", "64", "--samples", "64",
        "--card", tmp_path / "tiny.md", "--json",
    )  # fmt: skip
    found = json.loads(said)
    assert set(found["mse"]) == set(found["fad"]) == {"norse", "float", "fixed"}
    assert found["mse"]["float"] == pytest.approx(found["mse"]["norse"], rel=1e-4)
    card = (tmp_path / "tiny.md").read_text()
    assert "snnvae train --model esvae --dataset digits --widths 4,6 --latent 5" in card
    assert f"{found['fad']['fixed']:.4f}" in card
    assert "loihi1" in card


def test_the_ann_is_trained_and_judged_but_not_exported(tmp_path: Path) -> None:
    out = tmp_path / "run"
    printed("train", "--model", "ann-vae", *TINY, "--epochs", "1", "-o", out)
    assert "torch" in printed("evaluate", out / "model.pt", "--samples", "20")
    refused = snnvae("export", out / "model.pt", "-o", tmp_path / "a.nir")
    assert "has no spikes" in refused.mistake


def test_a_killed_training_loses_no_more_than_it_says(tmp_path: Path) -> None:
    """Saved within an epoch and killed, it goes on to the bits of one that was left alone; a second
    one into the same folder is refused meanwhile."""
    out, whole = tmp_path / "run", tmp_path / "whole"
    small = ("train", "--model", "esvae", *TINY[:-1], "25", "--epochs", "2")
    command = [sys.executable, "-m", "snnvae", *small, "--save-every", "0", "-o", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not (out / "training.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    mistake = snnvae(*small, "--resume", "-o", out).mistake
    assert f"{out} is held by another training, process {process.pid}" in mistake
    process.kill()
    process.wait()
    position = torch.load(out / "training.pt", weights_only=True)["position"]
    assert position["epoch"] == 0
    assert 0 < position["step"] < 60
    printed(*small, "--resume", "-o", out)
    printed(*small, "-o", whole)
    killed, left = (torch.load(f / "model.pt", weights_only=True) for f in (out, whole))
    assert all(torch.equal(v, left["state_dict"][n]) for n, v in killed["state_dict"].items())
