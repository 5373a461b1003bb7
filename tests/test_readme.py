"""The README is true: its figures, its tables and its pictures are what its commands make."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snnvae import zoo

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODELS = ("digits-esvae", "digits-fsvae")


def snnvae(*arguments: str, cwd: Path) -> str:
    """What a command prints; it must end well."""
    command = [sys.executable, "-m", "snnvae", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(arguments)}: {done.stderr}"
    return done.stdout


def tour() -> list[list[str]]:
    """The snnvae commands of the README's tour, with $(snnvae zoo …) filled in.

    Without `check`: the next test runs the same one.
    """
    section = README.split("## The tour")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    commands = []
    for line in "".join(blocks).splitlines():
        filled = re.sub(
            r"\$\(snnvae zoo (\S+?)( --pt)?\)",
            lambda m: str(zoo.path(m[1], ".pt" if m[2] else ".nir")),
            line,
        )
        commands.append(shlex.split(filled, comments=True)[1:])
    return [arguments for arguments in commands if arguments[0] != "check"]


def columns(table: str) -> list[list[str]]:
    """Rows of a printed table without the last column, which holds a machine's last bits."""
    return [
        line.split()[:-1] for line in table.splitlines() if "decoder" in line or "readout" in line
    ]


@pytest.mark.slow
def test_the_commands_of_the_tour_run_in_their_order(tmp_path: Path) -> None:
    commands = tour()
    assert len(commands) >= 9
    for arguments in commands:
        snnvae(*arguments, cwd=tmp_path)


@pytest.mark.slow
def test_the_parity_table_is_what_check_prints(tmp_path: Path) -> None:
    model, checkpoint = zoo.path("digits-esvae"), zoo.path("digits-esvae", ".pt")
    printed = snnvae("check", str(model), "--checkpoint", str(checkpoint), cwd=tmp_path)
    shown = README.split("<!-- parity -->")[1].split("<!-- /parity -->")[0]
    assert columns(printed)
    assert columns(shown) == columns(printed)
    assert printed.splitlines()[-1] in shown


@pytest.mark.parametrize("name", MODELS)
def test_the_reconstruction_errors_are_what_evaluate_prints(name: str, tmp_path: Path) -> None:
    printed = snnvae("evaluate", str(zoo.path(name, ".pt")), cwd=tmp_path)
    errors = re.findall(r"0\.\d{4}", printed)
    row = next(
        line for line in README.splitlines() if f"evaluate $(snnvae zoo {name} --pt)" in line
    )
    assert len(errors) == 3
    assert re.findall(r"0\.\d{4}", row) == errors


@pytest.mark.parametrize("name", [*MODELS, "mnist-esvae", "mnist-fsvae"])
def test_the_pictures_are_those_of_the_zoo(name: str, tmp_path: Path) -> None:
    snnvae(
        "simulate", str(zoo.path(name)), "--precision", "fixed", "-o", str(tmp_path), cwd=tmp_path
    )
    with (
        Image.open(tmp_path / "images.png") as made,
        Image.open(ROOT / "docs" / f"{name}.png") as shown,
    ):
        assert np.array_equal(np.asarray(made), np.asarray(shown))


def test_the_picture_of_the_graph_is_what_inspect_draws(tmp_path: Path) -> None:
    """Its texts: where a box stands may differ with the version of the solver."""
    model = str(zoo.path("digits-fsvae"))
    snnvae("inspect", model, "--svg", "digits-fsvae-graph.svg", cwd=tmp_path)
    made, shown = (
        re.findall(r">([^<>]+)<", (folder / "digits-fsvae-graph.svg").read_text("utf8"))
        for folder in (tmp_path, ROOT / "docs")
    )
    assert made == shown
    assert "prior.2.lif" in made


def test_the_energy_ratio_is_what_energy_prints(tmp_path: Path) -> None:
    model = str(zoo.path("digits-esvae"))
    snnvae("simulate", model, "--precision", "fixed", "-o", str(tmp_path), cwd=tmp_path)
    recording = str(tmp_path / "recording.h5")
    printed = snnvae("energy", recording, "--profile", "horowitz45", cwd=tmp_path)
    ratio = re.search(r"([\d.]+) times as much", printed)
    assert ratio is not None
    assert f"needs {ratio[1]} times\nthe energy of its int8 ANN" in README


def test_the_ratio_with_two_steps_is_what_the_sweep_prints(tmp_path: Path) -> None:
    model = str(zoo.path("digits-esvae"))
    printed = snnvae("energy", "sweep", model, "--profile", "horowitz45", cwd=tmp_path)
    row = next(line for line in printed.splitlines() if line.startswith("2 "))
    found = re.search(r"([\d.]+) \(([\d.]+ to [\d.]+)\)", row)
    assert found is not None
    assert f"T = 2 it needs {found[1]} times as much, within the prices {found[2]}" in README
