"""HDF5 on a disk without room: an error, whole old files, and a process that ends in peace."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from little_room import little_room

from snnvae.errors import OutputError
from snnvae.hdf5_write import hdf5_aside


def fill(file: h5py.File, count: int = 40) -> None:
    """Data sets and attributes, so that HDF5 goes back to what it wrote before."""
    rng = np.random.default_rng(0)
    for i in range(count):
        group = file.create_group(f"group{i}")
        group.create_dataset("data", data=rng.random((10, 300)), chunks=(1, 300), compression=1)
        group.create_dataset("grows", data=rng.random(10), maxshape=(None,), chunks=(10,))
        for before in range(i):
            file[f"group{before}/grows"].resize(10 * i, axis=0)
        file.attrs[f"of {i}"] = "x" * 500


def test_the_file_is_what_the_library_writes_itself(tmp_path: Path) -> None:
    with hdf5_aside(tmp_path / "ours.h5") as output, h5py.File(output, "w") as file:
        fill(file)
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        fill(file)
    with h5py.File(tmp_path / "ours.h5") as ours, h5py.File(tmp_path / "theirs.h5") as theirs:
        names: list[str] = []
        theirs.visit(names.append)
        for name in names:
            if isinstance(theirs[name], h5py.Dataset):
                np.testing.assert_array_equal(ours[name][()], theirs[name][()])
        assert dict(ours.attrs) == dict(theirs.attrs)


@pytest.mark.parametrize("size", [0, 1, 100, 4000, 10_000, 50_000, 200_000, 700_000])
def test_wherever_room_ends_it_is_one_error(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.h5"
    path.write_text("old")

    def write() -> None:
        with hdf5_aside(path) as output, h5py.File(output, "w") as file:
            fill(file)

    with little_room(size), pytest.raises(OutputError, match=r"cannot write .*: File too large; m"):
        write()
    assert os.listdir(tmp_path) == ["a.h5"]
    assert path.read_text() == "old"
    write()
    with h5py.File(path) as file:
        assert len(file) == 40


def test_who_asks_knows_before_the_end(tmp_path: Path) -> None:
    def write() -> None:
        with hdf5_aside(tmp_path / "a.h5") as output, h5py.File(output, "w") as file:
            for i in range(1000):
                file[f"{i}"] = np.arange(1000)
                output.check()
                assert i < 10

    with little_room(20_000), pytest.raises(OutputError):
        write()
