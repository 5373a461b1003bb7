"""Random graphs of everything that a program can hold, in Rust: spike for spike, bit for bit."""

from __future__ import annotations

import pytest
from in_code import DEBUG, OPTIMISED, RUST, assert_same, random_program

FEW = (0, 1, 5, 8, 9, 11)
"""They have every kind of connection, reset, delay, loop and membrane sent, as a test of C says."""
MANY, PER_BATCH = 2000, 50
BUILDS = (DEBUG, OPTIMISED)


def test_random_graphs() -> None:
    """Whatever overflowed, or lay beyond an array, would end the program."""
    fired = 0
    for seed in FEW:
        flags = BUILDS[seed % 3 == 0]
        fired += assert_same(*random_program(seed), flags, language=RUST, hint=seed)
    assert fired > 2_000


@pytest.mark.thorough
@pytest.mark.parametrize("batch", range(MANY // PER_BATCH))
def test_2000_random_graphs(batch: int) -> None:
    for seed in range(PER_BATCH * batch, PER_BATCH * (batch + 1)):
        flags = BUILDS[seed // 16 % 2]  # all rules for each
        assert_same(*random_program(seed), flags, language=RUST, hint=seed)
