"""The suite's folder: what others take over, and what is refused of what others wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from snnvae.conform.read_suite import read_suite
from snnvae.conform.suite.all_cases import all_cases
from snnvae.conform.suite.write import write_suite
from snnvae.errors import DataError, OutputError
from snnvae.files import sha256_of

ROOT = Path(__file__).parents[2]


def test_the_folder_is_used_as_its_readme_says(
    suite_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (suite_folder / "README.md").read_text()
    code = readme.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(suite_folder)
    seen: dict[str, Any] = {}
    exec(code, seen)
    assert seen["expected"].shape[0] == seen["case"]["steps"]
    assert isinstance(seen["graph"], nir.NIRGraph)


def test_every_file_is_listed_with_its_digest(suite_folder: Path) -> None:
    index = json.loads((suite_folder / "index.json").read_text())
    listed = {name: digest for case in index["cases"] for name, digest in case["files"].items()}
    there = {str(path.relative_to(suite_folder)) for path in suite_folder.glob("*/*")}
    assert set(listed) == there
    assert all(sha256_of(suite_folder / name) == digest for name, digest in listed.items())
    assert (suite_folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_what_is_written_is_read(suite_folder: Path) -> None:
    suite = read_suite(suite_folder)
    cases = all_cases()
    assert [entry.name for entry in suite.cases] == [case.name for case in cases]
    entry, case = suite.cases[0], cases[0]
    np.testing.assert_array_equal(entry.inputs["input"], case.inputs["input"])
    assert set(entry.expected) == set(suite.profiles)
    assert entry.turns_on == ("reset",)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty; name a new folder"):
        write_suite(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture
def one_case(suite_folder: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A copy with the first case alone, and its index."""
    index = json.loads((suite_folder / "index.json").read_text())
    index["cases"] = index["cases"][:1]
    for name in index["cases"][0]["files"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(suite_folder / name, tmp_path / name)
    return tmp_path, index


def edited(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda index: index["cases"][0].update({key: value})


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda index: index.update(format=9), "has format 9, this snnvae reads 1"),
        (lambda index: index.update(format="9" * 99), "has format '9999999999999999999…99"),
        (lambda index: index["cases"].append(3), "not the index of a suite (of another form)"),
        (lambda index: index.pop("profiles"), "not the index of a suite (it lacks 'profiles')"),
        (lambda index: index.update(cases=[]), "holds no cases"),
        (lambda index: index.update(tolerance=2), "holds no cases, or a tolerance that is none"),
        (lambda index: index["profiles"]["nir"].update(reset="up"), "a reading has reset 'up'"),
        (lambda index: index["profiles"]["nir"].update(color="red"), "not the index of a suite"),
        (edited("name", "../../etc/passwd"), "lies outside of the suite's folder"),
        (edited("name", "neurons/none"), "none.nir: no such file"),
        (edited("dt", "soon"), "not the index of a suite"),
        (edited("expected", {"nir": "other"}), "index of a suite (it lacks 'other/output')"),
        (edited("expected", {}), "has no outcome of NIR's own reading"),
        (edited("outputs", {}), "lacks inputs, outputs or a step"),
        (edited("inputs", {}), "lacks inputs, outputs or a step"),
        (edited("dt", float("nan")), "lacks inputs, outputs or a step"),
        (edited("dt", -1.0), "lacks inputs, outputs or a step"),
        (edited("files", {"conventions/IF-reset.nir": "0" * 64}), "not the file that index.json"),
    ],
)  # fmt: skip
def test_a_damaged_index_is_refused_in_one_line(
    one_case: tuple[Path, dict[str, Any]], harm: Callable[[dict[str, Any]], None], said: str
) -> None:
    folder, index = one_case
    harm(index)
    (folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(DataError) as error:
        read_suite(folder)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_suite_is_refused(tmp_path: Path, one_case: tuple[Path, dict[str, Any]]) -> None:
    folder, index = one_case
    for place, wrong in (("none", "no such folder"), ("conventions", "holds no index.json")):
        with pytest.raises(DataError, match=rf"/{place}: {wrong}; `snnvae conform --write FOLDER`"):
            read_suite(tmp_path / place)
    (folder / "index.json").write_text("no json")
    with pytest.raises(DataError, match="not the index of a suite"):
        read_suite(folder)
    (folder / "index.json").write_text(json.dumps(index))
    name = index["cases"][0]["name"]
    (folder / f"{name}.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match=r"not a plain \.npz"):
        read_suite(folder)
