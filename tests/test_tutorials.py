"""The docs are true: every command that they show has these options, and the tutorials run as they
stand, in an empty folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import snnvae

from snnvae import zoo
from snnvae.cli import group
from snnvae.commands.common import complete
from snnvae.commands.train import names_network
from snnvae.commands.train_network import command as train_network

DOCS = Path(__file__).parents[1] / "docs"
FINDS = ("lint", "check")
"""Commands that end with 1 where they find something."""


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of each block of code."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def lines(code: str) -> list[list[str]]:
    """Commands of a shell's block, with $(snnvae zoo …) filled in."""
    one_a_line = re.sub(r" > \S+", "", code.replace("\\\n", " ").replace(" && ", "\n"))
    filled = re.sub(
        r"\$\(snnvae zoo (\S+?)( --pt)?\)",
        lambda m: str(zoo.path(m[1], ".pt" if m[2] else ".nir")),
        one_a_line,
    )
    split = (shlex.split(line, comments=True) for line in filled.splitlines())
    return [words for words in split if words and words[0] != "make"]


PAGE_NAMES = sorted(str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_a_pages_commands_and_options_are_there(page: str) -> None:
    shell = [words for language, code in blocks(page) if language == "sh" for words in lines(code)]
    for _, name, *rest in (words for words in shell if words[0] == "snnvae"):
        if name.startswith("-"):  # `snnvae --version`
            continue
        command = group.get_command(click.Context(group), name)
        assert command is not None, name
        if isinstance(command, click.Group):  # `energy`, which is `energy report`
            named = rest[0] in command.commands
            command = command.commands[rest[0] if named else "report"]
            rest = rest[1:] if named else rest
        if name == "train" and names_network(rest):
            command = complete(train_network)
        context = click.Context(command, info_name=name)
        _, left, _ = command.make_parser(context).parse_args(list(rest))
        assert not left, (name, left)


@pytest.mark.thorough
@pytest.mark.parametrize("page", ["nir-file", "norse", "checkpoint", "nothing"])
def test_a_tutorial_runs_as_it_stands(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = 0
    for language, code in blocks(f"tutorials/{page}"):
        named = re.match(r"# (\S+\.py)\n", code)
        if language == "python" and named:
            Path(named[1]).write_text(code)
        for words in lines(code) if language == "sh" else ():
            ran += 1
            if words[0] == "python":
                subprocess.run([sys.executable, *words[1:]], check=True, cwd=tmp_path)
            else:
                ended = snnvae(*words[1:])
                assert ended.code in ((0, 1) if words[1] in FINDS else (0,)), ended.err
    assert ran >= 5
