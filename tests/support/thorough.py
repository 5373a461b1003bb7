"""Repetitions of a proof: more graphs, more seeds, which `make test-all` runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

thorough = pytest.mark.thorough


def often(values: Iterable[Any], always: Iterable[Any]) -> list[Any]:
    """All values as parameters, those that are not among `always` for `make test-all` alone."""
    kept = set(always)
    return [
        v if v in kept else pytest.param(*(v if isinstance(v, tuple) else [v]), marks=thorough)
        for v in values
    ]
