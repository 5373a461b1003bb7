"""Whose turn it is, and what is known, as spikes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snnvae.draws import read, stated
from snnvae.draws.clock import Clock
from snnvae.draws.evidence import Evidence, Variable, told
from snnvae.draws.label import Label
from snnvae.errors import ConfigError, GraphError

VARIABLES = (Variable("a/b", ("x", "y")), Variable("c", ("1", "2", "3")))


def test_a_clock_runs_through_its_neurons() -> None:
    found = Clock("clock", 3, 2).stream([5, 6], 8, 0, ())
    assert found.shape == (2, 8, 3)
    turns = [np.flatnonzero(step).tolist() for step in found[0]]
    assert turns == [[], [0], [0], [1], [1], [2], [2], []]
    assert (found[0] == found[1]).all()


def test_evidence_is_told_once_at_the_first_step() -> None:
    nothing = Evidence("evidence", VARIABLES)
    assert not nothing.stream([0, 1], 4, 0, ()).any()
    (one,) = told((nothing,), {"c": "2"})
    found = one.stream([0, 1], 4, 0, ())
    assert np.argwhere(found).tolist() == [[0, 0, 3], [1, 0, 3]]
    assert nothing.known == {}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"a": "x"}, "`evidence` a: no such variable; there is a/b, c"),
        ({"c": "22"}, "`evidence` c=22: no such value; there is 1, 2, 3; do you mean 2?"),
    ],
)
def test_wrong_names_are_answered_with_those_that_there_are(
    known: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        told((Evidence("evidence", VARIABLES),), known)
    assert said in str(error.value)


def test_without_variables_there_is_no_evidence() -> None:
    with pytest.raises(ConfigError, match="file names no variables"):
        told((Label("class", 3),), {"a": "x"})


def test_both_are_read_as_they_are_stated() -> None:
    draws = (Evidence("evidence", VARIABLES, {"c": "3"}), Clock("clock", 2, 4))
    assert read(stated(draws, None), {"evidence": 5, "clock": 2})[0] == draws


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": "["},
        {"variables": "[" * 5000},
        {"variables": json.dumps([["a", ["x", "x"]], ["c", ["1", "2", "3"]]])},
        {"variables": json.dumps([["a", ["x", "y"]], ["a", ["1", "2", "3"]]])},
        {"variables": json.dumps([["a", ["x", "y", "z"]], ["c", ["1", "2", "3"]]])},
        {"variables": json.dumps([["a", ["x", 2]], ["c", ["1", "2", "3"]]])},
        {"variables": json.dumps([["a"]])},
        {"variables": json.dumps([["a", []], ["c", ["1", "2", "3", "4", "5"]]])},
        {"variables": json.dumps({"a": 1})},
        {"variables": 7},
        {"known": json.dumps({"c": "4"})},
        {"known": json.dumps({"c": 3})},
        {"known": "[]"},
    ],
)
def test_what_makes_no_sense_in_a_file_is_refused(changes: dict[str, object]) -> None:
    entry = {"kind": "evidence", **Evidence("evidence", VARIABLES).stated(), **changes}
    with pytest.raises(GraphError, match="metadata 'draws' of 'evidence' makes no sense"):
        read({"draws": {"evidence": entry}}, {"evidence": 5})


def test_a_clock_has_a_pace() -> None:
    for pace in (0, -1, 1.5, "2", None, 10**18, np.uint64(2**64 - 1)):
        with pytest.raises(GraphError, match="makes no sense"):
            read({"draws": {"clock": {"kind": "clock", "pace": pace}}}, {"clock": 3})
