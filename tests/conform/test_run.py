"""Holding tools to the suite: snnvae agrees with all of it; what others do is told apart."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import nir
import numpy as np
import pytest
from command_line import snnvae

from snnvae import hdf5_check
from snnvae.conform import report
from snnvae.conform.asking import Asked
from snnvae.conform.read_suite import Entry, Suite, read_suite
from snnvae.conform.run import Conformance, conform, difference, judge
from snnvae.conform.suite.rules import NIR, profiles
from snnvae.conform.tools import question
from snnvae.conform.tools import snnvae as tool
from snnvae.errors import DataError, UnsupportedError


@pytest.fixture(scope="module")
def suite(suite_folder: Path) -> Suite:
    return read_suite(suite_folder)


@pytest.fixture(autouse=True, scope="module")
def each_file_is_read_once() -> Iterator[None]:
    """Under however many readings, and without the look at it in a process of its own: the files
    are the suite's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hdf5_check, "_status_of_a_walk", lambda path: 0)
        patch.setattr(tool, "read_nir", cache(tool.read_nir))
        yield


def only(suite: Suite, *names: str) -> Suite:
    return replace(suite, cases=tuple(case for case in suite.cases if case.name in names))


def mine(suite: Suite, case: Entry, profile: str = "nir", backend: str = "emulator") -> str:
    """Where snnvae's outputs differ from the outcome of a reading."""
    rules = suite.profiles[profile]
    asked = question.Question(case.file, case.inputs, case.dt, rules)
    return difference(case.expected[profile], tool.ask(asked, backend), suite.tolerance)


@pytest.mark.parametrize(
    "backend", ["emulator", pytest.param("reference", marks=pytest.mark.thorough)]
)
def test_snnvae_agrees_with_every_case(suite: Suite, backend: str) -> None:
    wrong = {case.name: mine(suite, case, backend=backend) for case in suite.cases}
    assert {name: where for name, where in wrong.items() if where} == {}


@pytest.mark.thorough
@pytest.mark.parametrize("profile", [name for name in profiles() if name not in ("nir", "spyx")])
def test_snnvae_agrees_under_every_reading(suite: Suite, profile: str) -> None:
    wrong = {case.name: mine(suite, case, profile) for case in suite.cases}
    assert {name: where for name, where in wrong.items() if where} == {}


def test_snnvae_keeps_each_convention_that_it_is_told(suite: Suite) -> None:
    for case in suite.cases:
        if case.group == "conventions":
            for profile in suite.profiles:
                if profile.split("=")[0] in case.turns_on:
                    assert mine(suite, case, profile) == "", (case.name, profile)


def test_what_no_backend_can_do_is_refused(suite: Suite) -> None:
    case = suite.cases[0]
    with pytest.raises(UnsupportedError, match="tells a spike in the step in which it comes"):
        mine(suite, case, "spyx")


@pytest.fixture(scope="module")
def some(suite: Suite) -> Suite:
    return only(suite, "conventions/IF-reset", "conventions/LI-integrator", "wiring/two-inputs")


def test_a_verdict_says_by_which_reading_outputs_are_right(some: Suite) -> None:
    reset, integrator, _ = sorted(some.cases, key=lambda case: case.name)
    told = judge(some, "any", reset, lambda case: case.expected["reset=subtract"])
    assert told.verdict == "differs"
    assert "reset=subtract" in told.readings
    assert "nir" not in told.readings
    assert told.why.startswith("'output' at step ")
    own = judge(some, "rockpool", integrator, lambda case: case.expected["rockpool"])
    assert own.verdict == "own reading"
    good = judge(some, "any", reset, lambda case: case.expected["nir"])
    assert (good.verdict, good.readings, good.why) == ("agrees", (), "")


def test_outputs_are_compared_to_the_last_spike(some: Suite) -> None:
    case = next(case for case in some.cases if case.name == "conventions/IF-reset")
    right = case.expected["nir"]
    wrong = right["output"].copy()
    wrong[7, 1] = 1 - wrong[7, 1]
    said = difference(right, {"output": wrong}, some.tolerance)
    assert said.startswith("'output' at step 7, (1,): ")
    assert said.endswith("; 1 of 72 differ")
    assert difference(right, {"output": wrong * np.nan}, 0.1)
    assert difference(right, {}, 0.1) == "'output' is missing"
    assert "has shape (2, 3), not (24, 3)" in difference(right, {"output": wrong[:2]}, 0.1)
    real = next(case for case in some.cases if "LI-" in case.name).expected["nir"]
    near = {"output": real["output"] + 5e-6}
    assert difference(real, near, some.tolerance) == ""
    assert difference(real, {"output": real["output"] + 1e-3}, some.tolerance)


def test_a_tool_runs_in_a_process_that_may_die(some: Suite) -> None:
    case = some.cases[0]
    with Asked("snnvae", patience=60) as asked:
        first = asked.outputs(case, NIR)
        process = asked._process
        assert process is not None
        os.kill(process.pid, 9)
        with pytest.raises(UnsupportedError, match="its process died"):
            asked.outputs(case, NIR)
        again = asked.outputs(case, NIR)
        process = asked._process
    assert process is not None
    assert process.poll() is not None
    np.testing.assert_array_equal(first["output"], again["output"])


def test_an_output_may_have_any_name(suite: Suite, tmp_path: Path) -> None:
    """Also one that is an argument of who writes the answers."""
    case = next(case for case in suite.cases if case.name == "wiring/names-ports")
    graph = nir.read(case.file, type_check=False)
    graph.nodes["file"] = graph.nodes.pop("the output")
    graph.edges = [(a, "file" if b == "the output" else b) for a, b in graph.edges]
    nir.write(tmp_path / "named.nir", graph)
    shutil.copy(case.file.with_suffix(".npz"), tmp_path / "named.npz")
    with Asked("snnvae", patience=60) as asked:
        found = asked.outputs(replace(case, file=tmp_path / "named.nir"), NIR)
    np.testing.assert_array_equal(found["file"], case.expected["nir"]["the output"])


def test_a_tool_that_gives_no_answer_is_stopped(some: Suite) -> None:
    with Asked("snnvae", patience=60) as asked:
        asked.outputs(some.cases[0], NIR)
        asked.patience = 1e-6
        with pytest.raises(UnsupportedError, match="gives no answer within 1e-06 s"):
            asked.outputs(some.cases[0], NIR)


def test_answers_from_elsewhere_are_judged_alike(suite: Suite, tmp_path: Path) -> None:
    some = only(suite, "loops/winner", "nesting/one")
    (tmp_path / "loops").mkdir()
    case = next(case for case in some.cases if case.group == "loops")
    np.savez(tmp_path / f"{case.name}.npz", **case.expected["nir"])
    found = conform(some, [], answers=("elsewhere", tmp_path))
    assert [result.verdict for result in found.results] == ["agrees", "refuses"]
    assert repr(found) == "<Conformance: of 2 cases agree elsewhere 1>"
    with pytest.raises(DataError, match=r"holds no outputs, such as loops/winner\.npz"):
        conform(some, [], answers=("elsewhere", tmp_path / "loops"))


def test_answers_that_cannot_be_read_are_said_to_be_damaged(suite: Suite, tmp_path: Path) -> None:
    some = only(suite, "loops/winner", "nesting/one")
    (tmp_path / "loops").mkdir()
    file = tmp_path / "loops/winner.npz"
    for data in (b"", b"hello", b"PK\x03\x04 cut"):
        file.write_bytes(data)
        with pytest.raises(DataError, match=r"winner\.npz: not a plain \.npz \(damaged: "):
            conform(some, [], answers=("elsewhere", tmp_path))
    with pytest.raises(
        DataError, match=r"winner\.npz: a file; give the folder with the outputs of"
    ):
        conform(some, [], answers=("elsewhere", file))
    with pytest.raises(DataError, match="none: no such folder; give the folder with the outputs"):
        conform(some, [], answers=("elsewhere", tmp_path / "none"))


def test_the_tables(some: Suite) -> None:
    results = [
        judge(some, tool, case, lambda case, name=profile: case.expected[name])
        for tool, profile in (("a", "nir"), ("b", "reset=subtract"))
        for case in some.cases
    ]
    found = Conformance(tuple(results))
    assert report.overview(found).rows[0][:3] == ["a", "2/2", "1/1"]
    rows = {row[0]: list(row[2:]) for row in report.conventions(found, some).rows}
    assert rows == {
        "IF-reset": ["nir", "reset=subtract, reset=subtract-delayed"],  # no leak: no difference
        "LI-integrator": ["nir", "nir"],
    }
    (row,) = [row for row in report.differences(found, "b").rows if "IF-reset" in row[0]]
    assert row[1] == "differs"
    assert found.columns()["verdict"].count("agrees") == 4


def test_the_command(suite_folder: Path, tmp_path: Path) -> None:
    asked = ("conform", "--suite", suite_folder, "--tool", "snnvae", "--group", "loops")
    ended = snnvae(*asked, "--json")
    assert ended.code == 0
    held = json.loads(ended.out)
    assert held["tools"]["snnvae"]["agrees"] == len(held["results"]) == 15
    (tmp_path / "loops").mkdir()
    case = next(c for c in read_suite(suite_folder).cases if c.name == "loops/winner")
    np.savez(tmp_path / "loops/winner.npz", output=1 - case.expected["nir"]["output"])
    told = snnvae("conform", "--suite", suite_folder, "--group", "loops", "--details",
                  "--answers", "mine", tmp_path)  # fmt: skip
    assert told.code == 1
    assert "'output' at step 0" in told.out
    assert "0/15" in told.out


def test_mistakes(suite_folder: Path, tmp_path: Path) -> None:
    twice = snnvae(
        "conform", "--suite", suite_folder, "--tool", "snnvae", "--answers", "snnvae", "."
    )
    assert "--answers snnvae: that tool is asked too" in twice.mistake
    assert "'--patience': nan is no finite number" in snnvae("conform", "--patience", "nan").mistake
    said = snnvae("conform", "--suite", suite_folder, "--group", "loop").mistake
    assert "--group loop: the suite's groups are conventions, neurons" in said
    assert (
        "leave out the other options"
        in snnvae("conform", "--write", tmp_path / "a", "--tool", "snnvae").mistake
    )
    assert "is not empty" in snnvae("conform", "--write", suite_folder).mistake
    assert "holds no index.json" in snnvae("conform", "--suite", tmp_path).mistake
    assert "/z: no such folder; " in snnvae("conform", "--suite", tmp_path / "z").mistake
