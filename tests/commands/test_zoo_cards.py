"""`snnvae zoo NAME --card`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnvae import zoo
from snnvae.train import checkpoint
from snnvae.train.settings import command_of


@pytest.mark.parametrize("name", sorted({e.path.stem for e in zoo.entries()}))
def test_every_model_has_a_card_that_names_its_command(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "snnvae", "zoo", name, "--card"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"# {name}\n")
    config, _ = checkpoint.load(zoo.path(name, ".pt"))
    assert command_of(config) in done.stdout
