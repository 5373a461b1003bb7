"""What all commands have: options from a file, silence, completion, a version that says enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import snnvae

from snnvae import zoo
from snnvae.cli import COMMANDS, Bar, group
from snnvae.commands.common import MANY

pytestmark = pytest.mark.usefixtures("undrawn")

MODEL = zoo.path("digits-esvae")


def commands(of: click.Command = group, name: str = "snnvae") -> list[tuple[str, click.Command]]:
    if not isinstance(of, click.Group):
        return [(name, of)]
    ctx = click.Context(of)
    inner = ((of.get_command(ctx, each), f"{name} {each}") for each in of.list_commands(ctx))
    return [
        found for command, at in inner if command is not None for found in commands(command, at)
    ]


def test_every_command_may_be_quiet_and_every_long_one_has_a_config() -> None:
    found = dict(commands())
    assert len(found) > len(COMMANDS)
    for name, command in found.items():
        flags = {flag for each in command.params for flag in each.opts}
        assert "--quiet" in flags, name
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert ("--config" in flags) == (len(options) > MANY + 1), name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_options_come_from_a_file(file: Path, tmp_path: Path) -> None:
    file.write_text('samples = 3\nprecision = "fixed"\njson = true\nseed = 7\n')
    ended = snnvae("simulate", MODEL, "--config", file, "-o", tmp_path / "out")
    told = json.loads(ended.out)
    assert (told["samples"], told["precision"]) == (3, "fixed")


def test_what_is_typed_comes_first(file: Path, tmp_path: Path) -> None:
    file.write_text("samples = 3\njson = true\n")
    asked = ("simulate", MODEL, "--config", file, "--samples", 2, "-o", tmp_path / "out")
    assert json.loads(snnvae(*asked).out)["samples"] == 2


@pytest.mark.parametrize("quiet", [True, False])
def test_a_file_may_ask_for_silence(file: Path, quiet: bool) -> None:
    file.write_text(f"quiet = {str(quiet).lower()}\n")
    bar = Bar()
    group.main(["lint", "--rules", "--config", str(file)], standalone_mode=False, obj=bar)
    assert bar.quiet == quiet
    file.write_text("config = 'b.toml'\n")
    assert "has no option 'config'" in snnvae("lint", "--rules", "--config", file).mistake


def test_repeated_options_are_lists(file: Path) -> None:
    file.write_text('backend = ["emulator"]\nsamples = 2\njson = true\n')
    told = json.loads(snnvae("check", MODEL, "--config", file).out)
    assert {row["peer"] for row in told["rows"]} == {"emulator"}
    file.write_text('backend = "emulator"\nsamples = 2\njson = true\n')
    assert json.loads(snnvae("check", MODEL, "--config", file).out) == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample = 3", ": snnvae check has no option 'sample'; do you mean samples?"),
        ("json = 1", "json = 1: write true or false"),
        ("samples = true", "samples is no value of an option; write a number or text"),
        ("[samples]\na = 1", "samples is no value of an option"),
        ("samples = 0", "0 is not in the range"),
        ('samples = "many"', "'many' is not a valid integer"),
        ("samples", "is not TOML"),
    ],
)
def test_mistakes_in_the_file_get_one_line(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert said in snnvae("check", MODEL, "--config", file).mistake
    assert "cannot read" in snnvae("check", MODEL, "--config", file.with_name("none.toml")).mistake


def test_quiet_leaves_results_and_errors(tmp_path: Path) -> None:
    asked = ("train", "esvae", "--dataset", "digits", "--epochs", 1, "--widths", "4,4",
             "--latent", 4, "--steps", 2, "--batch", 500)  # fmt: skip
    loud = snnvae(*asked, "--out", tmp_path / "a")
    quiet = snnvae(*asked, "--out", tmp_path / "b", "--quiet")
    assert (loud.code, quiet.code) == (0, 0)
    assert quiet.err == ""
    assert quiet.out
    assert "no such file" in snnvae("check", tmp_path / "none.nir", "--quiet").mistake


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    said = snnvae("completion", shell).out
    assert f"_SNNVAE_COMPLETE={shell}_complete" in said


def test_commands_and_options_are_completed() -> None:
    def completed(words: str, at: int) -> list[str]:
        env = {
            **os.environ,
            "_SNNVAE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(at),
        }
        done = subprocess.run(
            [sys.executable, "-m", "snnvae"], env=env, capture_output=True, text=True
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("snnvae li", 1) == ["lint"]
    assert "--conventions" in completed("snnvae lint --co", 2)


def test_the_version_says_what_a_bug_report_needs_first() -> None:
    said = snnvae("--version").out
    assert said.startswith("snnvae 0.1.0 (Python 3.")
    assert "numpy" in said
    assert len(said.splitlines()) == 1


def test_a_report_says_nothing_private() -> None:
    said = snnvae("doctor", "--report").out
    assert "| a run | digits-esvae gives the spikes that it should |" in said
    assert "| numba |" in said
    assert str(Path.home()) not in said
    assert os.uname().nodename not in said


def test_help_tells_the_exit_codes() -> None:
    assert "70 a\n" in snnvae("--help").out or "70 a bug" in snnvae("--help").out
