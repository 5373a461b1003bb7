"""Damaged files of every kind that the tool reads: each is read, or refused in one line.

`make fuzz` does the same with a hundred thousand.
"""

from __future__ import annotations

import pytest
from fuzz.readers import READERS
from fuzz.run import fuzz

from snnvae import hdf5_check

INPUTS = 20


@pytest.mark.parametrize("kind", READERS)
def test_a_damaged_file_is_read_or_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small files are walked through in milliseconds; those without an end take this long each.
    monkeypatch.setattr(hdf5_check, "WALK_SECONDS", 1)
    outcome = fuzz(kind, INPUTS)
    assert not outcome.faults
    assert outcome.read + outcome.refused == INPUTS
    assert outcome.refused > 0
