"""What runs at once: within the memory, and as much as it allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.errors import ConfigError
from snnvae.hardware_sim.fast import memory
from snnvae.hardware_sim.fast.layout import Layout
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


def test_what_a_sample_takes_by_hand(nets: Any) -> None:
    """2 inputs → 3 LIF → 5 LI, 4 steps, nothing beside it padded (up to 8 channels).

    Kept: a byte for each spike of input and LIF and step, 8 of each last membrane; with membranes 8
    of each neuron and step. Worked with, for each step at a time: a byte a neuron and, of the
    largest population, 24 of currents and membranes and 4 of each of its numbers and 8 more; once:
    16 of each neuron. With membranes 9 instead of 1.
    """
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.ones((3, 2))),
        "lif": nets.lif(3),
        "v": nets.affine(np.ones((5, 3))),
        "li": nets.li(5),
        "out": nets.sink(5),
    }
    program = nets.compiled(nets.chain(nodes))
    lanes = [Layout((n,)).size for n in (2, 3, 5)]
    kept = 4 * 2 + 4 * 3 + 8 * 5
    assert memory.kept(program, 4, membranes=False) == kept
    assert memory.kept(program, 4, membranes=True) == kept + 4 * 8 * (3 + 5)
    for window in (1, 4):
        once = 16 * (lanes[1] + lanes[2])
        each = sum(lanes) + 24 * lanes[2] + 4 * (lanes[2] + 8)
        assert memory._working(program, window, membranes=False) == once + window * each
        more = 8 * sum(lanes)
        assert memory._working(program, window, membranes=True) == once + window * (each + more)
