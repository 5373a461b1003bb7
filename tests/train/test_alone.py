"""A folder is one training's, until it ends in whatever way."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snnvae.errors import ConfigError
from snnvae.train.alone import RANKS, alone_in

HOLD = """
import sys, time
from pathlib import Path
from snnvae.train.alone import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_other_process_is_named(tmp_path: Path) -> None:
    with holder(tmp_path / "run") as other:
        expected = rf"{tmp_path}/run is held by another training, process {other.pid} on \S+: wait"
        with pytest.raises(ConfigError, match=expected), alone_in(tmp_path / "run"):
            pass
        with alone_in(tmp_path / "run", what="demo"):
            pass


def test_what_a_killed_process_held_is_taken_over(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        assert list(tmp_path.iterdir())
        with alone_in(tmp_path):
            pass
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_what_failed_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone_in(tmp_path / "run"):
        raise KeyError
    assert not (tmp_path / "run").exists()
    with alone_in(tmp_path / "run"):
        (tmp_path / "run" / "model.pt").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["model.pt"]


def test_a_file_system_without_locks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    said: list[str] = []
    with alone_in(tmp_path, said.append), alone_in(tmp_path):
        pass
    assert len(said) == 1
    assert "without locks (No locks available): see that no other training" in said[0]


@pytest.mark.parametrize("name", RANKS)
def test_further_processes_of_one_training_hold_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with alone_in(tmp_path):
        monkeypatch.setenv(name, "1")
        with alone_in(tmp_path):
            pass
