"""JSON without numbers that are not finite."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from snnvae.strict_json import json_text


def test_what_is_not_finite_is_null() -> None:
    held = {"a": [1.5, float("nan"), (float("inf"), -np.inf)], "b": np.float64("nan"), "c": None}
    assert json.loads(json_text(held)) == {"a": [1.5, None, [None, None]], "b": None, "c": None}


def test_what_json_does_not_know_is_text() -> None:
    assert json_text({"at": Path("a/b"), "n": 1}, indent=1) == '{\n "at": "a/b",\n "n": 1\n}'


def test_what_numpy_holds_is_numbers() -> None:
    held = {np.int64(3): np.arange(2), "a": [np.bool_(True), np.array(np.inf)]}
    assert json.loads(json_text(held)) == {"3": [0, 1], "a": [True, None]}


def test_a_key_that_is_not_finite_is_null() -> None:
    assert json.loads(json_text({float("nan"): 1, 0.5: 2})) == {"null": 1, "0.5": 2}
