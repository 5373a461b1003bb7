"""What follows from a wiring: the order of running, loops with delays, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from snnvae.layers.activity import activity
from snnvae.layers.wiring import Cell, Delay, Link, Port, Threshold, Wiring

ONE = (1, 1, 1)


def threshold(name: str, *sources: str, at: float = 0.5) -> Cell:
    return Cell(name, ONE, Threshold(at), (Link("", None, sources),))


def delay(name: str, source: str, steps: int = 1) -> Cell:
    return Cell(name, ONE, Delay(steps), (Link("", None, (source,)),))


def wiring(*cells: Cell, output: str = "") -> Wiring:
    return Wiring((Port("x", ONE),), cells, output or cells[-1].name)


def spikes(network: Wiring, *values: int) -> list[int]:
    stream = torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1, 1)
    found = activity(network, {"x": stream}).spikes[network.output]
    return [int(v) for v in found.flatten()]


def test_cells_without_a_loop_run_alone() -> None:
    network = wiring(threshold("a", "x"), delay("b", "a", 2), threshold("c", "b"))
    assert [([c.name for c in cells], loop) for cells, loop in network.runs()] == [
        (["a"], False),
        (["b"], False),
        (["c"], False),
    ]
    assert spikes(network, 1, 0, 1, 1) == [0, 0, 1, 0]


def test_a_loop_is_all_that_lies_between_a_delay_and_what_it_reads() -> None:
    network = wiring(
        threshold("before", "x"),
        delay("again", "latch"),
        threshold("latch", "before", "again"),
        threshold("after", "latch"),
    )
    assert [([c.name for c in cells], loop) for cells, loop in network.runs()] == [
        (["before"], False),
        (["again", "latch"], True),
        (["after"], False),
    ]
    assert spikes(network, 0, 1, 0, 0) == [0, 1, 1, 1]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_loop_comes_back_after_its_delay(steps: int) -> None:
    """One spike goes round: it is seen every `steps` steps."""
    network = wiring(delay("back", "cell", steps), threshold("cell", "x", "back"))
    assert spikes(network, 1, *[0] * 6) == [int(t % steps == 0) for t in range(7)]


def test_the_currents_of_links_add_up() -> None:
    double, minus = nn.Linear(1, 1), nn.Linear(1, 1)
    for synapse, weight in ((double, 2.0), (minus, -1.5)):
        nn.init.constant_(synapse.weight, weight)
        nn.init.zeros_(synapse.bias)
    both = (Link("double", double, ("x",)), Link("minus", minus, ("x",)))
    fires = Wiring((Port("x", ONE),), (Cell("y", ONE, Threshold(0.4), both),), "y")
    silent = Wiring((Port("x", ONE),), (Cell("y", ONE, Threshold(0.6), both),), "y")
    assert (spikes(fires, 0, 1), spikes(silent, 0, 1)) == ([0, 1], [0, 0])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ((threshold("a", "y"),), "'a' reads 'y', which is not there"),
        ((threshold("a", "b"), threshold("b", "x")), "'a' reads 'b', which is stated after it"),
        ((threshold("a", "x"), threshold("a", "x")), "the same name"),
    ],
)
def test_what_cannot_be_wired_is_named(cells: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wiring(*cells)


def test_the_output_is_there() -> None:
    with pytest.raises(ValueError, match="output 'z' is no cell"):
        wiring(threshold("a", "x"), output="z")


def test_other_streams_than_the_ports_are_named() -> None:
    with pytest.raises(ValueError, match="takes x, not y"):
        activity(wiring(threshold("a", "x")), {"y": torch.zeros(1, 1, 1)})


@pytest.mark.parametrize("steps", [1, 3, 4, 7, 8])
def test_a_delay_may_be_longer_than_the_run(steps: int) -> None:
    network = wiring(delay("late", "x", steps))
    assert spikes(network, 1, 1, 1, 1) == [int(t >= steps) for t in range(4)]


def test_a_delay_takes_a_step_and_has_no_synapse() -> None:
    with pytest.raises(ValueError, match="a delay of 0 steps: give 1 or more"):
        Delay(0)
    with pytest.raises(ValueError, match="'late' is a Delay, which passes on as it is"):
        wiring(Cell("late", ONE, Delay(), (Link("late.in", nn.Linear(1, 1), ("x",)),)))
