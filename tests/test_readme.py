"""The README is true: its figures, its tables and its pictures are what its commands make."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from command_line import printed
from in_code import HERE
from PIL import Image

from snnvae import zoo

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
MODELS = ("digits-esvae", "digits-fsvae")
LASTING = ("digits-esvae", "digits-fsvae", "mnist-esvae", "mnist-fsvae")


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
def test_the_commands_of_the_tour_run_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = tour()
    assert len(commands) >= 9
    for arguments in commands:
        printed(*arguments)


@pytest.mark.slow
def test_the_parity_table_is_what_check_prints() -> None:
    model, checkpoint = zoo.path("digits-esvae"), zoo.path("digits-esvae", ".pt")
    found = printed("check", model, "--checkpoint", checkpoint, "--samples", 16)
    shown = RESULTS.split("<!-- parity -->")[1].split("<!-- /parity -->")[0]
    assert columns(found)
    assert [row for row in columns(shown) if row[1] != "rust" or "rust" in HERE] == columns(found)
    assert "rust" not in HERE or found.splitlines()[-1] in shown


@pytest.mark.parametrize("name", MODELS)
def test_the_reconstruction_errors_are_what_evaluate_prints(name: str) -> None:
    errors = re.findall(r"0\.\d{4}", printed("evaluate", zoo.path(name, ".pt")))
    row = next(
        line for line in RESULTS.splitlines() if f"evaluate $(snnvae zoo {name} --pt)" in line
    )
    assert len(errors) == 3
    assert re.findall(r"0\.\d{4}", row) == errors


@pytest.mark.parametrize(
    "name", [*MODELS, "mnist-esvae", "mnist-fsvae", *(f"{name}-lasting" for name in LASTING)]
)
def test_the_pictures_are_those_of_the_zoo(name: str, tmp_path: Path) -> None:
    printed("simulate", zoo.path(name), "--precision", "fixed", "-o", tmp_path)
    with (
        Image.open(tmp_path / "images.png") as made,
        Image.open(ROOT / "docs" / f"{name}.png") as shown,
    ):
        assert np.array_equal(np.asarray(made), np.asarray(shown))


def test_the_picture_of_the_graph_is_what_inspect_draws(tmp_path: Path) -> None:
    """Its texts: where a box stands may differ with the version of the solver."""
    drawn = tmp_path / "digits-fsvae-graph.svg"
    printed("inspect", zoo.path("digits-fsvae"), "--svg", drawn)
    made, shown = (
        re.findall(r">([^<>]+)<", path.read_text("utf8"))
        for path in (drawn, ROOT / "docs" / drawn.name)
    )
    assert made == shown
    assert "prior.2.lif" in made


def test_the_energy_ratio_is_what_energy_prints(tmp_path: Path) -> None:
    printed("simulate", zoo.path("digits-esvae"), "--precision", "fixed", "-o", tmp_path)
    said = printed("energy", tmp_path / "recording.h5", "--profile", "horowitz45")
    ratio = re.search(r"([\d.]+) times as much", said)
    assert ratio is not None
    assert f"needs {ratio[1]} times\nthe energy of its int8 ANN" in RESULTS


def test_the_ratio_with_two_steps_is_what_the_sweep_prints() -> None:
    said = printed("energy", "sweep", zoo.path("digits-esvae"), "--profile", "horowitz45")
    row = next(line for line in said.splitlines() if line.startswith("2 "))
    found = re.search(r"([\d.]+) \(([\d.]+ to [\d.]+)\)", row)
    assert found is not None
    assert f"T = 2 it needs {found[1]} times as much, within the prices {found[2]}" in RESULTS
