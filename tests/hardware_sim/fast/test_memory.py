"""What runs at once: within the memory, and as much as it allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.errors import ConfigError
from snnvae.hardware_sim.fast import memory
from snnvae.hardware_sim.fast.memory import portion

number = st.integers


@given(
    samples=number(1, 500),
    steps=number(1, 40),
    threads=number(1, 8),
    budget=number(10_000, 10_000_000),
    membranes=st.booleans(),
)
def test_a_portion_fits(
    nets_once: Any, samples: int, steps: int, threads: int, budget: int, membranes: bool
) -> None:
    program = nets_once
    try:
        found = portion(
            program, steps, samples, threads=threads, max_memory=budget, membranes=membranes
        )
    except ConfigError:
        least = memory.kept(program, steps, membranes) + memory._working(program, 1, membranes)
        assert least > budget
        return
    assert 1 <= found.block <= samples
    assert 1 <= found.window <= steps
    running = found.threads * found.group
    assert running <= found.block or found.block == samples
    working = memory._working(program, found.window, membranes)
    assert found.block * memory.kept(program, steps, membranes) + running * working <= budget


def test_without_a_limit_all_samples_and_steps_run_together(nets_once: Any) -> None:
    assert portion(nets_once, 16, 100, threads=2) == memory.Portion(100, 16, 2, 16)
    assert portion(nets_once, 16, 3, threads=2) == memory.Portion(3, 2, 2, 16)


def test_with_memory_enough_a_limit_changes_nothing(nets_once: Any) -> None:
    free = portion(nets_once, 16, 100, threads=2)
    assert portion(nets_once, 16, 100, threads=2, max_memory=10**9) == free
    tight = portion(nets_once, 16, 100, threads=2, max_memory=60_000)
    assert tight.block < free.block


@pytest.fixture(scope="session")
def nets_once(nets: Any) -> Any:
    return nets.compiled(nets.small())
