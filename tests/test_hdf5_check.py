"""Files that HDF5 itself may hang or die at are found before they are read here."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import pytest

from snnvae import hdf5_check
from snnvae.errors import DataError


def open_it(path: Path) -> None:
    with hdf5_check.open_hdf5(path, DataError, "no network", "export it again"):
        pass


def test_the_same_content_is_walked_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[str] = []
    walk = hdf5_check._status_of_a_walk
    monkeypatch.setattr(hdf5_check, "_walked", set())
    monkeypatch.setattr(
        hdf5_check, "_status_of_a_walk", lambda path: (walks.append(path.name), walk(path))[1]
    )
    for name in ("a.h5", "b.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file["data"] = list(name.encode())
    for name in ("a.h5", "b.h5", "a.h5"):
        open_it(tmp_path / name)
    assert walks == ["a.h5", "b.h5"]
    stamp = (tmp_path / "a.h5").stat()
    content = bytearray((tmp_path / "a.h5").read_bytes())
    content[-1] ^= 1  # of the same size and time
    (tmp_path / "a.h5").write_bytes(content)
    os.utime(tmp_path / "a.h5", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    open_it(tmp_path / "a.h5")
    assert walks == ["a.h5", "b.h5", "a.h5"]
    monkeypatch.setattr(hdf5_check, "REMEMBERED_BYTES", 10)
    open_it(tmp_path / "b.h5")
    assert walks == ["a.h5", "b.h5", "a.h5", "b.h5"]


def test_a_walk_that_did_not_come_through_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another process holds the file locked: what it is stays unknown."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = [1]
    monkeypatch.setattr(hdf5_check, "_walked", set())
    with monkeypatch.context() as patch:
        patch.setattr(hdf5_check, "_walk", lambda file: 1 / 0)
        open_it(tmp_path / "a.h5")
    monkeypatch.setattr(hdf5_check, "_walk", lambda file: os.abort())
    with pytest.raises(DataError, match="crashes at it"):
        open_it(tmp_path / "a.h5")


def test_what_is_no_file_has_no_digest(tmp_path: Path) -> None:
    assert hdf5_check._digest(Path("/dev/zero")) == b""
    assert hdf5_check._digest(tmp_path / "none") == b""


def test_what_is_endless_is_so_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is found good is remembered."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = [1]
    monkeypatch.setattr(hdf5_check, "_walked", set())
    monkeypatch.setattr(hdf5_check, "_walk", lambda file: os.abort())
    for _ in range(2):
        with pytest.raises(DataError, match=r"no network \(HDF5 crashes at it\); export it again$"):
            open_it(tmp_path / "a.h5")
