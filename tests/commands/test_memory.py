"""What a run takes: the bound that was given, and a word where no bound could hold it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae.commands import run_memory, run_network
from snnvae.export.nir_file import write_nir

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Any]
RUN = """
import resource, sys
from snnvae.cli import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.fixture
def small(nets: Any, tmp_path: Path) -> Path:
    """A network of a few neurons, of which many samples are many."""
    nodes = {"in": nets.source(8), "w": nets.affine(np.eye(11, 8)), "a": nets.threshold(11)}
    write_nir(nets.chain({**nodes, "out": nets.sink(11)}), tmp_path / "small.nir")
    return tmp_path / "small.nir"


def peak(model: Path, samples: int) -> int:
    """The most bytes that a run takes."""
    stimulus = model.with_name(f"{samples}.npy")
    np.save(stimulus, np.random.default_rng(0).random((samples, 4, 8)) < 0.3)
    ended = subprocess.run(
        [sys.executable, "-c", RUN, "simulate", str(model), "--input", str(stimulus),
         "--max-memory", "20MB", "-o", str(model.with_name(f"out{samples}"))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(ended.stderr.split()[-1]) << 10


@pytest.mark.slow
def test_many_samples_take_no_more_than_was_given(small: Path) -> None:
    assert peak(small, 20_000) - peak(small, 1) < 20e6


def test_counts_that_would_not_fit_are_refused(cli: Cli, small: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1000, 1, 8), bool))
    given = ("simulate", small, "--input", tmp_path / "x.npy", "-o", tmp_path / "out")
    line = cli(*given, "--max-memory", "200kB").mistake
    assert "--samples 1,000: their counts alone take" in line
    assert not (tmp_path / "out").exists()
    need = line.split("--max-memory ")[1].split(",")[0]
    assert cli(*given, "--max-memory", need).code == 0


@pytest.mark.parametrize("command", ["simulate", "run-lava", "check", "energy sweep"])
@pytest.mark.parametrize("absurd", [("--samples", "1000000000"), ("--steps", "100000000000")])
def test_absurd_numbers_are_told_at_once(
    cli: Cli, small: Path, sampled: Path, tmp_path: Path, command: str, absurd: tuple[str, str]
) -> None:
    out = ("-o", tmp_path / "out") if command in ("simulate", "run-lava") else ()
    if command == "energy sweep" and absurd[0] == "--steps":
        absurd = ("--over", "100000")
        out = ("--samples", "10000000")
    for model in (sampled, small) if command == "check" else (sampled,):
        line = cli(*command.split(), model, *absurd, *out).mistake
        assert "this machine has" in line
        assert "fewer --samples or --steps" in line


def test_a_disk_without_room_ends_it_after_the_first_block(
    cli: Cli, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((5000, 4, 8)) < 0.3)
    given = ("simulate", small, "--input", tmp_path / "x.npy", "--max-memory", "3MB")
    monkeypatch.setattr(run_network, "WORTH_A_WORD", 0)
    ended = cli(*given, "-o", tmp_path / "whole")
    assert ended.code == 0
    (note,) = ended.said
    assert note.startswith("5,000 samples will take about 0 minutes and ")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 1000))
    line = cli(*given, "-o", tmp_path / "none").mistake
    assert "the recordings of 5000 samples take about" in line
    assert "1 kB are free; make room, or run fewer samples" in line
    assert list((tmp_path / "none").iterdir()) == []


def test_what_blocks_take_is_said_in_proportion(tmp_path: Path) -> None:
    assert run_memory.check_disk(tmp_path, 100, 10, 1000) == 10_000
