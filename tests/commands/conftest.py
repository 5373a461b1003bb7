"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from snnvae.cli import main
from snnvae.export.nir_file import write_nir


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def mistake(self) -> str:
        """The one line that a user's mistake gets."""
        assert self.code == 2, (self.code, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err
        (line,) = self.err.splitlines()
        assert line.startswith("snnvae: ")
        return line


Cli = Callable[..., Ended]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """cli('inspect', path) → how it ended."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ended(ended.value.code or 0, printed.out, printed.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def model(nets: Any, tmp_path: Path) -> Path:
    """A small network that takes spikes."""
    path = tmp_path / "model.nir"
    write_nir(nets.small(), path)
    return path


@pytest.fixture
def sampled(nets: Any, tmp_path: Path) -> Path:
    """A small network with a sampler: it needs no data, and its output is an image."""
    graph = nets.small()
    sampler = {"kind": "fsvae", "input": "in", "latents": 16, "k": 2}
    graph.metadata["snnvae"]["sampler"] = sampler
    path = tmp_path / "sampled.nir"
    write_nir(graph, path)
    return path
