"""Where results may go: the same rule for each command, told before any work, in one line."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from snnvae import zoo
from snnvae.cli import COMMANDS, group
from snnvae.commands.outputs import Command, OutputFile, OutputFolder

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Any]


def commands() -> dict[tuple[str, ...], click.Command]:
    """Every command that writes, by the words that call it."""
    found: dict[tuple[str, ...], click.Command] = {}
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        parts = command.commands if isinstance(command, click.Group) else {None: command}
        found |= {(name, *([part] if part else [])): each for part, each in parts.items()}
    return found


def outputs(command: click.Command) -> list[click.Parameter]:
    return [p for p in command.params if isinstance(p.type, OutputFile)]


NAMES = {"out", "card", "html", "md", "csv", "svg", "probabilities", "explain"}


def test_each_option_that_names_an_output_is_under_the_rule() -> None:
    for words, command in commands().items():
        named = [p for p in command.params if p.name in NAMES and not getattr(p, "is_flag", False)]
        assert named == outputs(command), words
        assert not named or isinstance(command, Command), words


WRITERS = [
    ("simulate", "{nir}", "-o"),
    ("run-lava", "{nir}", "-o"),
    ("run-c", "{nir}", "-o"),
    ("run-rust", "{nir}", "-o"),
    ("export", "{pt}", "-o"),
    ("import", "{nir}", "-o"),
    ("inspect", "{nir}", "--html"),
    ("inspect", "{nir}", "--svg"),
    ("evaluate", "{pt}", "--card"),
    ("evaluate", "{nir}", "--explain"),
    ("diagnose", "{pt}", "-o"),
    ("demo", "-o"),
    ("train", "--model", "esvae", "-o"),
    ("train-fad", "--dataset", "digits", "-o"),
    ("train-prior", "{pt}", "-o"),
    ("train-front", "--model", "esvae", "-o"),
    ("energy", "{nir}", "--html"),
    ("energy", "{nir}", "--md"),
    ("energy", "{nir}", "--csv"),
    ("energy", "sweep", "{nir}", "--csv"),
    ("energy", "calibrate", "{nir}", "--node-nm", "7", "--voltage", "1", "-o"),
]
writers = pytest.mark.parametrize("words", WRITERS, ids=lambda words: "-".join(words))


@pytest.fixture
def call(cli: Cli, tmp_path: Path) -> Callable[..., str]:
    """The line that a command says to an output; it must leave the folder as it is."""
    given = {}
    for kind in ("nir", "pt"):
        given[kind] = tmp_path / f"model.{kind}"
        given[kind].write_bytes(zoo.path("digits-esvae", f".{kind}").read_bytes())

    def called(words: tuple[str, ...], path: object, *others: object) -> str:
        before = sorted((p, p.lstat().st_ino, p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))
        line: str = cli(*(w.format(**given) for w in words), path, *others).mistake
        after = sorted((p, p.lstat().st_ino, p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))
        assert before == after
        return line

    return called


@writers
def test_a_device_or_a_pipe_is_refused(
    call: Callable[..., str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for path in ("/dev/null", tmp_path / "pipe", tmp_path / "link"):
        line = call(words, path)
        assert f"cannot write {words[-1]} {path}: is a device, a pipe or a socket" in line
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@writers
def test_no_name_is_no_output(call: Callable[..., str], words: tuple[str, ...]) -> None:
    line = call(words, "")
    assert "an empty name; give a path" in line
    assert f"'{words[-1]}'" in line


@writers
def test_a_name_that_is_too_long(
    call: Callable[..., str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert "File name too long; choose a shorter name" in call(words, tmp_path / ("a" * 256))


@writers
def test_a_folder_that_cannot_be(
    call: Callable[..., str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    line = call(words, tmp_path / "file" / "x")
    assert f"cannot write {words[-1]} {tmp_path / 'file' / 'x'}: Not a directory" in line
    other = tmp_path if words[-1] != "-o" or words[0] in ("export", "import") else None
    if other is not None:
        assert "is a folder; name a file in it" in call(words, other)


@pytest.mark.parametrize(
    "words", [w for w in WRITERS if any("{" in x for x in w) and w[-1] != "-o"]
    + [("export", "{pt}", "-o"), ("import", "{nir}", "-o")],
    ids=lambda words: "-".join(words),
)  # fmt: skip
@pytest.mark.parametrize("through", ["itself", "link", "hard link", "detour"])
def test_an_input_is_not_written_over(
    call: Callable[..., str], tmp_path: Path, words: tuple[str, ...], through: str
) -> None:
    kind = "pt" if "{pt}" in words else "nir"
    path = source = tmp_path / f"model.{kind}"
    if through == "link":
        path = tmp_path / "link"
        path.symlink_to(source)
    elif through == "hard link":
        path = tmp_path / "hard"
        path.hardlink_to(source)
    elif through == "detour":
        (tmp_path / "folder").mkdir()
        path = tmp_path / "folder" / ".." / source.name
    assert f"{words[-1]} {path}: the input {source} itself would be written over" in call(
        words, path
    )


def test_inputs_of_options_count_too(
    call: Callable[..., str], cli: Cli, sampled: Path, tmp_path: Path
) -> None:
    cli("simulate", sampled, "--samples", 2, "-o", tmp_path / "out")
    recording = tmp_path / "out" / "recording.h5"
    inspect = ("inspect", str(sampled), "--html")
    assert "--recording" in call(inspect, recording, "--recording", recording)
    profile = tmp_path / "own.toml"
    profile.touch()
    report = ("energy", str(recording), "--md")
    assert "--profile" in call(report, profile, "--profile", profile)
    assert "the input" in call(("export", f"{tmp_path / 'own.toml'}:build", "-o"), profile)
    again = ("simulate", str(sampled), "-o")
    assert "--input" in call(again, tmp_path / "out", "--input", recording)
    elsewhere = cli(*again, tmp_path / "other", "--samples", 2, "--seed", 1)
    assert elsewhere.code == 0


def test_two_outputs_are_two_files(call: Callable[..., str], tmp_path: Path) -> None:
    same = tmp_path / "x"
    for words, other in (
        (("inspect", "{nir}", "--html"), "--svg"),
        (("energy", "{nir}", "--html"), "--csv"),
    ):
        assert "it is both" in call(words, same, other, tmp_path / "." / "x")


def test_a_folder_is_told_from_a_file() -> None:
    assert OutputFolder().is_folder
    assert not OutputFile().is_folder
