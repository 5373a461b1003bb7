"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from little_room import little_room
from PIL import Image

from snnvae.errors import BackendError, OutputError
from snnvae.files import open_aside, write_aside, write_text


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    with write_aside(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_text() == "half"
    assert os.listdir(path.parent) == ["a.txt"]


def test_an_old_file_stays_until_then(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with write_aside(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_one(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail() -> None:
        with write_aside(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*file/b/a.txt: .*; choose a folder"):
        write_text(tmp_path / "file" / "b" / "a.txt", "text")


def test_a_folder_in_the_file_s_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*a\.txt"):
        write_text(tmp_path / "a.txt", "text")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), write_aside(tmp_path / "a"):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_others_may_read_what_the_user_s_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def lines(file: Any) -> None:
    for _ in range(1000):
        file.write(b"x" * 100)


def torch_s(file: Any) -> None:
    torch.save({"a": torch.zeros(20_000)}, file)


def numpy_s(file: Any) -> None:
    np.save(file, np.zeros(20_000))


def png(file: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)
    Image.fromarray(noise).save(file, format="PNG")


@pytest.mark.parametrize("write", [lines, torch_s, numpy_s, png])
@pytest.mark.parametrize("size", [0, 10, 50_000])
def test_no_room_is_an_error_of_ours_whatever_a_library_makes_of_it(
    tmp_path: Path, write: Callable[[Any], None], size: int
) -> None:
    def fill() -> None:
        with open_aside(tmp_path / "a") as file:
            write(file)

    with little_room(size), pytest.raises(OutputError, match=r"a: File too large; make room, or"):
        fill()
    assert os.listdir(tmp_path) == []
    fill()
    assert os.listdir(tmp_path) == ["a"]


def test_a_library_that_says_nothing_of_it_is_found_out(tmp_path: Path) -> None:
    def careless() -> None:
        with open_aside(tmp_path / "a") as file, suppress(OSError):
            file.write(b"x" * 1000)

    with little_room(10), pytest.raises(OutputError, match="too large"):
        careless()
    assert os.listdir(tmp_path) == []


def test_a_library_s_own_error_stays(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="mine"), open_aside(tmp_path / "a"):
        raise RuntimeError("mine")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_beneath_another_error_is_seen(tmp_path: Path, number: int) -> None:
    def write() -> None:
        with write_aside(tmp_path / "a"):
            try:
                raise OSError(number, os.strerror(number))
            except OSError as error:
                raise RuntimeError("file write failed") from error

    with pytest.raises(OutputError, match=os.strerror(number)):
        write()


def test_a_device_a_pipe_or_a_socket_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path is short
        server.bind("socket")
        for path in (tmp_path / "pipe", tmp_path / "socket", tmp_path / "link", Path("/dev/null")):
            with pytest.raises(OutputError, match="is a device, a pipe or a socket"):
                write_text(path, "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe", "socket"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    for path in (Path("/dev/snnvae-test"), Path("/dev/stdout"), Path("/proc/self/snnvae")):
        with pytest.raises(OutputError, match="device"):
            write_text(path, "text")


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/a.txt")
    for text in ("one", "two"):
        write_text(tmp_path / "link", text)
        assert (tmp_path / "folder" / "a.txt").read_text() == text
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match=r"cannot write .*circle: Too many levels"):
        write_text(tmp_path / "circle", "text")


def test_a_name_may_be_as_long_as_names_may_be(tmp_path: Path) -> None:
    write_text(tmp_path / ("a" * 255), "text")
    with pytest.raises(OutputError, match="File name too long; choose a shorter name"):
        write_text(tmp_path / ("a" * 256), "text")


def test_what_a_dead_process_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from snnvae.files import write_aside\n"
        "with write_aside(Path(sys.argv[1])) as aside:\n"
        "    aside.write_text('half'); print('writing', flush=True); time.sleep(60)\n"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "a.txt")]
    live, dead = (subprocess.Popen(call, stdout=subprocess.PIPE, text=True) for _ in range(2))
    try:
        for process in (live, dead):
            assert process.stdout is not None
            assert process.stdout.readline() == "writing\n"
        dead.kill()
        dead.wait()
        (tmp_path / ".others.part").touch()
        assert len(os.listdir(tmp_path)) == 3
        write_text(tmp_path / "b.txt", "text")
        (live_one,) = tmp_path.glob(".snnvae-*")
        assert live_one.read_text() == "half"
        assert sorted(os.listdir(tmp_path)) == sorted([live_one.name, ".others.part", "b.txt"])
    finally:
        for process in (live, dead):
            process.kill()
            process.communicate()


def test_an_error_of_ours_is_not_taken_for_this_file_s(tmp_path: Path) -> None:
    """Another folder may be full while this file is open."""

    def write() -> None:
        with write_aside(tmp_path / "a"):
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise BackendError("the temporary folder is full") from error

    with pytest.raises(BackendError, match="temporary folder"):
        write()
