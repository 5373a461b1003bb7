"""`snnvae lint` as a user meets it, and its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nir
import numpy as np
import pytest
from command_line import snnvae

import snnvae as sv
from snnvae.commands.remedies import with_flags
from snnvae.linter.rules import RULES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """As snnTorch would write it: nothing is said of steps or resets."""
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "w": nir.Linear(np.eye(2, dtype=np.float32)),
        "lif": nir.LIF(*(np.full(2, v, np.float32) for v in (4e-4, 4.0, 0.0, 1.0))),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "w"), ("w", "lif"), ("lif", "output")]
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, edges))
    return tmp_path / "net.nir"


def test_what_is_said(file: Path) -> None:
    ended = snnvae("lint", file)
    first, *rest = ended.out.splitlines()
    assert ended.code == 1
    assert first == (
        "error dt-unstated: nobody says how long a step is; "
        "pass --dt, or --conventions with the tool"
    )
    assert "note looks-like: τ and r are as snntorch's exporter writes them; " in ended.out
    assert rest[-1] == f"{file}: 1 error, 0 warnings, 3 notes"


def test_options_answer_what_is_asked(file: Path) -> None:
    told = snnvae("lint", file, "--conventions", "snntorch")
    assert told.code == 0
    assert 'note lost-by-writer [lif]: reset_mechanism="zero" leaves no trace' in told.out
    assert (
        snnvae("lint", file, "--conventions", "snntorch", "--strict").code == 1
    )  # no stock process
    assert snnvae("lint", file, "--dt", "3e-4", "--ignore", "ignored-by-readers").code == 0


def test_steps_that_an_input_has_not(file: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.npy"
    np.save(data, np.zeros((1, 5, 2), bool))
    said = snnvae("lint", file, "--dt", "1e-3", "--input", data, "--steps", 7).mistake
    assert f"--steps 7: {data} holds 5; leave --steps out" in said


def test_warnings_fail_where_one_asks_for_it(file: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.npy"
    np.save(data, np.zeros((1, 5, 2), bool))
    asked = ("lint", file, "--conventions", "snntorch", "--input", data)
    assert snnvae(*asked).code == 0
    ended = snnvae(*asked, "--strict", "--json")
    assert ended.code == 1
    held = json.loads(ended.out)
    assert held["warnings"] == 3
    assert {f["rule"] for f in held["findings"] if f["level"] == "warning"} == {
        "layer-silent", "input-silent", "no-stock-process",
    }  # fmt: skip


def test_mistakes(file: Path) -> None:
    assert (
        "no rule 'taus': the rules are refused, " in snnvae("lint", file, "--only", "taus").mistake
    )
    assert "no such file" in snnvae("lint", file.with_name("none.nir")).mistake
    assert "--samples is of --input" in snnvae("lint", file, "--samples", 2).mistake
    both = ("--only", "tonic", "--ignore", "tonic")
    assert "leaves out every rule" in snnvae("lint", file, *both).mistake
    assert "name a NIR file, or pass --rules" in snnvae("lint").mistake


def test_every_rule_stands_on_the_page() -> None:
    page = (ROOT / "docs" / "lint.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \|$", page, flags=re.MULTILINE)
    assert rows == [(rule.name, rule.level, with_flags(rule.about)) for rule in RULES]
    listed = snnvae("lint", "--rules").out
    assert all(rule.name in listed for rule in RULES)


def test_in_python(file: Path) -> None:
    found = sv.lint(file, conventions="snntorch")
    assert repr(found) == f"<Findings: 0 errors, 1 warning, {found.count('note')} notes>"
    assert set(found.columns()) == {"rule", "level", "where", "what", "remedy"}
