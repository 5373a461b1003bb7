"""The benchmarks run, and refuse to time contenders that compute different things."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DIFFERENT = """
import numpy as np
from benchmarks.result import DiffersError, same_spikes
ours = {"a": np.array([True, False])}
print(same_spikes(ours, ours))
try:
    same_spikes(ours, {"a": np.array([True, True])})
except DiffersError as problem:
    print(problem)
"""


def python(*arguments: str) -> str:
    """What a Python at the top of the repository prints; it must end well."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_benchmark_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    printed = python("-m", "benchmarks", "fixed_float", "--quick", "--json", str(file))
    assert "fixed_float" in printed
    assert "cores" in printed
    content = json.loads(file.read_text(encoding="utf-8"))
    (result,) = content["results"]
    assert result["name"] == "fixed_float"
    assert result["ratio"] == result["value"] / result["other_value"]
    assert result["met"] == (result["ratio"] <= 1.5)
    assert "spikes of" in result["same"]
    assert content["machine"]["cores"]


def test_contenders_that_differ_are_found() -> None:
    equal, differ = python("-c", DIFFERENT).splitlines()
    assert equal == "1 spikes of 1 population"
    assert differ == "'a': 1 of 2 spikes differ"
