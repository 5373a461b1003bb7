"""Temporary folders: none outlives its purpose for long."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from snnvae import temporary
from snnvae.temporary import TemporaryFolder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_goes_with_its_block_its_object_or_when_closed(place: Path) -> None:
    with TemporaryFolder() as path:
        assert path.parent == place
        (path / "sub").mkdir()
        (path / "sub" / "file").write_text("text")
    assert not path.exists()
    folder = TemporaryFolder()
    folder.close()
    folder.close()
    assert not folder.path.exists()
    path = TemporaryFolder().path
    gc.collect()
    assert not path.exists()
    assert os.listdir(place) == []


LIVES = """
import time
from snnvae.temporary import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "file").write_text("text")
print(folder.path, flush=True)
time.sleep(60)
"""


def test_what_killed_processes_left_is_removed_by_the_next_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = [sys.executable, "-c", LIVES]
    env = {**os.environ, "TMPDIR": str(place)}
    both = [subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=env) for _ in range(2)]
    try:
        live, dead = (Path(p.stdout.readline().strip()) for p in both if p.stdout is not None)
        both[1].kill()
        both[1].wait()
        others = [place / name for name in ("snnvae-a", "b.run", "snnvae-c-d")]
        for path in others:
            path.mkdir()
        elsewhere = place / "elsewhere"
        elsewhere.mkdir()
        (place / "snnvae-link.run").symlink_to(elsewhere)
        (place / "snnvae-file.run").touch()
        (dead / "link").symlink_to(elsewhere)
        (elsewhere / "file").touch()
        assert dead.exists()
        with monkeypatch.context() as within, TemporaryFolder() as own:
            within.setattr(temporary, "_cleared", set())
            assert own.exists()
            with TemporaryFolder():
                assert own.exists()
        assert not dead.exists()
        assert (live / "file").read_text() == "text"
        assert all(path.exists() for path in (*others, elsewhere / "file"))
    finally:
        for process in both:
            process.kill()
            process.communicate()


def test_another_user_s_are_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = place / "snnvae-other.run"
    other.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: other.stat().st_uid + 1)
    with TemporaryFolder():
        assert other.exists()


def test_a_place_that_cannot_be_listed_takes_folders(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    monkeypatch.setattr(os, "scandir", denied)
    folder = TemporaryFolder()
    monkeypatch.undo()
    assert folder.path.is_dir()
    folder.close()
