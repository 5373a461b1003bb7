"""The example of docs/recordings.md runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae.export.nir_file import write_nir

PAGE = (Path(__file__).parents[1] / "docs" / "recordings.md").read_text(encoding="utf-8")


def test_the_example_runs(nets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"<!-- example -->\n```python\n(.*?)```", PAGE, flags=re.DOTALL)
    before, command, after = re.split(r"^# (snnvae .*)\n", code, flags=re.MULTILINE)
    assert len(code.splitlines()) <= 11
    nodes = {
        "in": nets.source(128),
        "w": nets.affine(np.random.default_rng(0).normal(0.1, 0.2, (10, 128))),
        "lif": nets.lif(10),
        "out": nets.sink(10),
    }
    write_nir(nets.chain(nodes), tmp_path / "model.nir")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(before, names)
    arguments = [sys.executable, "-m", "snnvae", *command.split()[1:]]
    subprocess.run(arguments, check=True, capture_output=True)
    exec(after, names)
    assert names["rate"].shape == (10,)
    assert names["rate"].max() > 0
    assert names["v"].shape == (8, 100, 10)
    # A membrane at its threshold would have fired.
    assert names["v"].max() <= 1.0
    given = names["run"].nodes["in"].observables["spikes"].data
    np.testing.assert_array_equal(given, names["spikes"])
