"""The library names arguments; the command line names options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import snnvae
from snnvae.cli import COMMANDS, group
from snnvae.commands.remedies import flag_of, with_flags
from snnvae.typed import typed

PACKAGE = Path(snnvae.__file__).parent
LIBRARY = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "cli.py" and path.relative_to(PACKAGE).parts[0] != "commands"
)
FLAG, ARGUMENT = re.compile(r"(?<![\w-])--[a-z]"), re.compile(r"`([a-z][a-z_]*)`")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a file but its docstrings, with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = (ast.Module, ast.ClassDef, ast.FunctionDef)
    stated = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, bodies)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in stated
            and isinstance(node.value, str)
        ):
            yield node.lineno, node.value


def options(command: click.Command) -> set[str]:
    """All options of a command and of the commands in it."""
    found = {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)}
    for inner in getattr(command, "commands", {}).values():
        found |= options(inner)
    return found


@pytest.fixture(scope="module")
def known() -> set[str]:
    ctx = click.Context(group)
    commands = [group.get_command(ctx, name) for name in COMMANDS]
    return set().union(*(options(command) for command in commands if command is not None))


def test_the_library_names_no_flag_and_only_arguments_that_have_one(known: set[str]) -> None:
    assert len(LIBRARY) > 300
    found = [(path, line, text) for path in LIBRARY for line, text in texts(path)]
    assert [said for said in found if FLAG.search(said[2])] == []
    named = {
        (name, path.name, line) for path, line, text in found for name in ARGUMENT.findall(text)
    }
    assert {said for said in named if flag_of(said[0]) not in known} == set()


def test_the_walk_sees_flags(tmp_path: Path) -> None:
    path = tmp_path / "library.py"
    body = '    """As --that."""\n    return f"pass --dt {x}"\n'
    path.write_text(f'"""Says --this."""\n\ndef f(x):\n{body}')
    assert [line for line, text in texts(path) if FLAG.search(text)] == [5]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pass `loop_bias` at-once or delayed", "pass --loop-bias at-once or delayed"),
        ("`delay_edges` a,b: no such path", "--delay-edge a,b: no such path"),
        ("add `classes` 7; see `snnvae zoo`", "add --class 7; see `snnvae zoo`"),
    ],
)
def test_an_argument_becomes_its_option(text: str, line: str) -> None:
    assert with_flags(text) == line


def test_a_mistake_is_told_with_the_option(cli: Any, nets: Any, tmp_path: Path) -> None:
    from snnvae.errors import ConfigError

    graph = nets.chain({"in": nets.source(1), "a": nets.lif(1), "out": nets.sink(1)}, dt=None)
    snnvae.write(graph, tmp_path / "net.nir")
    with pytest.raises(ConfigError, match="pass `dt` in seconds"):
        snnvae.compile(graph)
    assert "pass --dt in seconds" in cli("inspect", tmp_path / "net.nir").mistake


def test_a_command_as_one_types_it() -> None:
    command = typed("train", "x", model="esvae", widths=[8, 8], flip=True, learn=False, out=None)
    assert command == "snnvae train x --model esvae --widths 8,8 --flip --no-learn"


def test_a_question_of_a_loop_is_answered_by_the_option(
    cli: Any, nets: Any, tmp_path: Path
) -> None:
    nodes = {"in": nets.source(1), "a": nets.threshold(1), "b": nets.threshold(1)}
    nodes |= {"i1": nets.affine([[-2.0]]), "i2": nets.affine([[-2.0]]), "out": nets.sink(1)}
    graph = nets.graph(nodes, "in a i1 b out", "in b i2 a")
    snnvae.write(graph, tmp_path / "net.nir")
    assert "pass --delay-edge a,b or b,a" in cli("inspect", tmp_path / "net.nir").mistake
    assert cli("inspect", tmp_path / "net.nir", "--delay-edge", "a,b").code == 0
