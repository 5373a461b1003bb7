"""Samples and answers from files, folders and Python objects."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from small_classifier import INPUTS, STEPS, classifier, samples
from torch.utils.data import TensorDataset

from snnvae.errors import ConfigError, DataError
from snnvae.inputs.pairs import from_files, from_labelled, from_python
from snnvae.program import Program

X, Y = samples(8), np.arange(8) % 4


@pytest.fixture(scope="module")
def program(nets: Any) -> Program:
    return nets.compiled(classifier(nets, spiking=True))


def events(path: Path, grid: np.ndarray, dt: float = 1e-3) -> None:
    """One sample (T, N) as events of NIR."""
    step, neuron = np.nonzero(grid)
    data = nir.EventData(neuron[None], step[None] * dt, INPUTS, t_max=len(grid) * dt)
    nir.write_data(path, nir.NIRGraphData({"in": nir.NIRNodeData({"spikes": data})}))


def test_a_file_and_labels(program: Program, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **{"in": X})
    np.save(tmp_path / "y.npy", Y)
    found = from_files(program, tmp_path / "x.npz", tmp_path / "y.npy", None)
    np.testing.assert_array_equal(found.data["in"], X)
    np.testing.assert_array_equal(found.answers, Y)
    assert not found.regression
    assert from_files(program, tmp_path / "x.npz", None, tmp_path / "y.npy").regression
    with pytest.raises(ConfigError, match="say what its samples are"):
        from_files(program, tmp_path / "x.npz", None, None)
    with pytest.raises(ConfigError, match="or `targets` of a regression, not both"):
        from_files(program, tmp_path / "x.npz", tmp_path / "y.npy", tmp_path / "y.npy")


def test_a_folder_per_class(program: Program, tmp_path: Path) -> None:
    """Whatever `read_input` reads; spikes that end early are followed by none."""
    for name, rows in (("b", X[:2]), ("a", X[2:5])):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "some.npy", rows)
    events(tmp_path / "a" / "events.h5", X[5, :9])
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").touch()
    found = from_labelled(program, str(tmp_path))
    assert found.answers.tolist() == ["a", "a", "a", "a", "b", "b"]
    events_first = np.zeros((STEPS, INPUTS), bool)
    events_first[:9] = X[5, :9]
    np.testing.assert_array_equal(found.data["in"], [events_first, *X[2:5], *X[:2]])
    assert not found.regression


def test_what_is_no_file_is_not_waited_for(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "pipe")
    with pytest.raises(DataError, match="a/pipe: not a file of samples"):
        from_labelled(program, str(tmp_path))


def test_a_folder_without_classes(program: Program, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(DataError, match="holds no folder with files in it"):
        from_labelled(program, str(tmp_path))
    with pytest.raises(DataError, match="a file; give a folder with a folder per class"):
        from_labelled(program, str(tmp_path / "x.npy"))
    with pytest.raises(DataError, match="no such folder"):
        from_labelled(program, str(tmp_path / "none"))


class Map:
    """A map-style data set that knows its length."""

    def __init__(self, item: Callable[[int], Any], length: int = 8) -> None:
        self._item, self._length = item, length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, n: int) -> Any:
        return self._item(n)


SETS = {
    "arrays": (X, Y),
    "lists": [X.tolist(), Y.tolist()],
    "tensors": (torch.from_numpy(X), torch.from_numpy(Y)),
    "tensor set": TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)),
    "map": Map(lambda n: (X[n], int(Y[n]))),
    "by name": Map(lambda n: ({"in": torch.from_numpy(X[n])}, int(Y[n]))),
}


@pytest.mark.parametrize("found", SETS.values(), ids=SETS)
def test_python_objects(program: Program, found: Any) -> None:
    pairs = from_python(program, found, "data.py:x")
    np.testing.assert_array_equal(pairs.data["in"], X)
    np.testing.assert_array_equal(pairs.answers, Y)
    assert not pairs.regression


def test_a_data_set_is_asked_for_no_more_than_is_wanted(program: Program) -> None:
    asked: list[int] = []

    def item(n: int) -> tuple[np.ndarray, int]:
        asked.append(n)
        return X[n], int(Y[n])

    assert len(from_python(program, Map(item), "x", 3).answers) == 3
    assert asked == [0, 1, 2]


def test_values_are_a_regressions(program: Program) -> None:
    assert from_python(program, (X, np.zeros((8, 4))), "x").regression


WRONG: dict[str, tuple[Any, str]] = {
    "number": (3, "x is a int; give .x, y., or a data set"),
    "no pairs": (Map(lambda n: X[n]), "sample 0 is no pair"),
    "ragged": (Map(lambda n: (X[n][: 9 + n % 2], 0)), r"sample 1 has shape \(10, 6\), sample 0"),
    "other inputs": (Map(lambda n: ({"ab"[n // 7]: X[n]}, 0)), "sample 7 has other inputs than"),
    "no length": (Map(lambda n: 0, -1), "x does not tell its length: ValueError"),
    "fails": (Map(lambda n: 1 / 0), "sample 0 cannot be had: ZeroDivisionError"),
    "empty": (Map(lambda n: None, 0), "holds no samples"),
    "a dict": ({"x": X, "y": Y}, r"^x is a dict; give a pair \(x, y\)"),
    "objects": ((X, [{}] * 8), "holds Python objects"),
}


@pytest.mark.parametrize(("found", "message"), WRONG.values(), ids=WRONG)
def test_what_is_no_data_is_named(program: Program, found: Any, message: str) -> None:
    with pytest.raises((DataError, ConfigError), match=message):
        from_python(program, found, "x")


TWO = {
    "list of tuples": [(X[0], 3), (X[1], 1)],
    "tuple of tuples": ((X[0], 3), (X[1], 1)),
    "lists": [[X[0], 3], [X[1], 1]],
    "by name": (({"in": X[0]}, 3), ({"in": X[1]}, 1)),
    "tensors": [(torch.tensor(X[0]), torch.tensor(3)), (torch.tensor(X[1]), torch.tensor(1))],
    "a pair": (X[:2], [3, 1]),
    "a pair of lists": ([X[0], X[1]], [3, 1]),
    "a list of both": [list(X[:2]), [3, 1]],
}


@pytest.mark.parametrize("found", TWO.values(), ids=TWO)
def test_two_samples_are_two_samples(program: Program, found: Any) -> None:
    pairs = from_python(program, found, "x")
    np.testing.assert_array_equal(pairs.data["in"], X[:2])
    assert pairs.answers.tolist() == [3, 1]


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float8_e4m3fn])
def test_numbers_that_numpy_has_not(program: Program, kind: torch.dtype) -> None:
    tensor = torch.tensor(X).to(kind)
    for found in ((tensor, Y), [(row, int(y)) for row, y in zip(tensor, Y)]):
        np.testing.assert_array_equal(from_python(program, found, "x").data["in"], X)


SOURCE = """
import numpy as np
x, y = np.ones((4, 14, 6), bool), np.array([0, 1, 2, 3])
pair = x, y
def make():
    return x, y
class Set:
    def __len__(self): return 4
    def __getitem__(self, n): return x[n], int(y[n])
class Late(Set):
    def __getitem__(self, n):
        import beside_data
        return x[n], int(beside_data.y[n])
class Needs(Set):
    def __init__(self, root): ...
one = Set()
"""


@pytest.mark.parametrize("name", ["pair", "make", "Set", "one", "Late"])
def test_a_name_in_a_file(program: Program, tmp_path: Path, name: str) -> None:
    (tmp_path / "data.py").write_text(SOURCE)
    (tmp_path / "beside_data.py").write_text("y = [0, 1, 2, 3]")
    found = from_labelled(program, f"{tmp_path}/data.py:{name}")
    assert found.answers.tolist() == [0, 1, 2, 3]
    assert found.data["in"].shape == (4, 14, 6)


def test_a_name_that_makes_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text(SOURCE)
    for name, message in (
        ("Needs", "cannot be called without arguments or fails: TypeError"),
        ("none", "has no 'none'; it has x, y, pair, make, Set, Late, Needs, one"),
    ):
        with pytest.raises(ConfigError, match=message):
            from_labelled(program, f"{tmp_path}/data.py:{name}")
    with pytest.raises(DataError, match=r"data\.py: say what in it holds the samples, as .*:name"):
        from_labelled(program, f"{tmp_path}/data.py")
    with pytest.raises(ConfigError, match="no such file; give a folder with a folder per class"):
        from_labelled(program, f"{tmp_path}/none.py:x")
