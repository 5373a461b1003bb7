"""A process of ours whose output lacks a reader, room, or letters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = (sys.executable, "-m", "snnvae.cli")
FULL = Path("/dev/full")


def run(*arguments: str, stdout: int, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*MAIN, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [("zoo",), ("zoo", "--json"), ("--help",)])
def test_a_reader_that_went_away_ends_it_quietly(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = run(*arguments, stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("arguments", [("zoo",), ("--help",)])
def test_a_full_device_is_the_users_to_mend(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        ended = run(*arguments, stdout=full.fileno())
    assert ended.returncode == 2
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith("snnvae: cannot write to standard output: No space left on device")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_letters_that_are_lacking_are_replaced(environment: dict[str, str]) -> None:
    ended = run("zoo", stdout=subprocess.PIPE, **environment)
    assert (ended.returncode, ended.stderr) == (0, b"")
    names, rule, *rows = ended.stdout.splitlines()
    assert names.split() == [b"name", b"what", b"path"]
    assert len(rows) > 1
    if "LC_ALL" not in environment:
        assert set(rule.strip()) == {ord("?")}


def test_an_error_is_said_even_without_stdout() -> None:
    command = f'"{sys.executable}" -m snnvae.cli inspect none.nir >&-'
    ended = subprocess.run(["sh", "-c", command], capture_output=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"snnvae: none.nir: no such file")


def test_nobody_need_hear_of_a_mistake() -> None:
    if not FULL.exists():
        pytest.skip("the system has no /dev/full")
    with FULL.open("wb") as full:
        ended = subprocess.run([*MAIN, "inspect", "none.nir"], stderr=full, check=False, timeout=60)
    assert ended.returncode == 2
