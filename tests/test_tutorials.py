"""The tutorials are true: what they show is run as it stands, in an empty folder."""

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

PAGES = Path(__file__).parents[1] / "docs" / "tutorials"
FINDS = ("lint", "check")
"""Commands that end with 1 where they find something."""


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of each block of code."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def lines(code: str) -> list[list[str]]:
    """Commands of a shell's block, with $(snnvae zoo …) filled in."""
    filled = re.sub(
        r"\$\(snnvae zoo (\S+?)( --pt)?\)",
        lambda m: str(zoo.path(m[1], ".pt" if m[2] else ".nir")),
        code.replace("\\\n", " "),
    )
    split = (shlex.split(line, comments=True) for line in filled.splitlines())
    return [words for words in split if words and words[0] != "make"]


PAGE_NAMES = sorted(path.stem for path in PAGES.glob("*.md"))


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_a_tutorials_commands_and_options_are_there(page: str) -> None:
    shell = [words for language, code in blocks(page) if language == "sh" for words in lines(code)]
    for _, name, *rest in (words for words in shell if words[0] == "snnvae"):
        command = group.get_command(click.Context(group), name)
        assert command is not None, name
        if isinstance(command, click.Group):  # `energy`, which is `energy report`
            named = rest[0] in command.commands
            command = command.commands[rest[0] if named else "report"]
            rest = rest[1:] if named else rest
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
    for language, code in blocks(page):
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
