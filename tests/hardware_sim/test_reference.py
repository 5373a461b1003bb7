"""The reference engine's recordings."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.program import Precision
from snnvae.stimulus import Stimulus


class Counting:
    """Hears the progress of a run."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def start(self, name: str, total: int) -> None:
        self.heard.append((name, total))

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.heard.append(n)

    def finish(self) -> None:
        self.heard.append("end")


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_recording_holds_everything_of_its_run(nets: Any, precision: Precision) -> None:
    program = nets.compiled(nets.small(), precision)
    stimulus = nets.spikes(program, samples=3, steps=8, seed=5)
    found = reference.run(program, stimulus, membranes=True)
    shapes = {"in": (2, 4, 4), "first": (3, 4, 4), "second": (2, 8, 8)}
    assert {name: s.shape for name, s in found.spikes.items()} == {
        name: (3, 8, *shape) for name, shape in shapes.items()
    }
    assert all(spikes.dtype == bool for spikes in found.spikes.values())
    np.testing.assert_array_equal(found.spikes["in"], stimulus.streams["in"])
    assert found.membranes["readout"].shape == (3, 8, 1, 8, 8)
    np.testing.assert_array_equal(found.final["readout"], found.membranes["readout"][:, -1])
    expected = {
        "backend": "reference",
        "precision": precision,
        "dt": nets.dt,
        "steps": 8,
        "seed": 5,
        "samples": [0, 1, 2],
        "program": program.digest(),
        "latency": 0,
    }
    assert expected.items() <= found.info.items()


def test_a_recording_holds_the_options_of_its_program(nets: Any) -> None:
    """As they come back from a file: lists for tuples."""
    options = Options(dt=2e-3, analog=("in",), delay_edges=(("a", "b"),))
    program = replace(nets.compiled(nets.small()), options=options)
    found = reference.run(program, nets.spikes(program)).info["options"]
    expected = {**asdict(Options()), "dt": 2e-3, "analog": ["in"], "delay_edges": [["a", "b"]]}
    assert found == expected


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_sample_does_not_depend_on_its_batch(nets: Any, precision: Precision) -> None:
    program = nets.compiled(nets.small(), precision)
    stimulus = nets.spikes(program, samples=5)
    together = reference.run(program, stimulus)
    alone = reference.run(program, stimulus.select(slice(3, 4)))
    for name, spikes in alone.spikes.items():
        np.testing.assert_array_equal(spikes[0], together.spikes[name][3])
    np.testing.assert_allclose(alone.outputs["out"][0], together.outputs["out"][3], atol=1e-12)


def test_membranes_are_recorded_only_where_asked_for(nets: Any) -> None:
    program = nets.compiled(nets.small())
    assert reference.run(program, nets.spikes(program)).membranes == {}


def test_updates_that_leave_24_bits_are_counted(nets: Any) -> None:
    """517 weights of 254 add up to 131,318 units, which is beyond 2²³ / 64 = 131,072."""
    nodes = {
        "in": nets.source(517),
        "w": nets.affine(np.ones((2, 517))),
        "a": nets.lif(2, threshold=100.0),
        "out": nets.sink(2),
    }
    program = nets.compiled(nets.chain(nodes), "fixed")
    stream = np.ones((1, 3, 517), bool)
    stream[0, 1, :2] = False
    found = reference.run(program, Stimulus({"in": stream}, (0,)))
    assert found.info["saturated"] == {"a": 2 * 2}
    assert found.spikes["a"][0].tolist() == [[False] * 2, [True] * 2, [False] * 2]


def test_a_stimulus_that_does_not_fit_is_refused(nets: Any) -> None:
    program = nets.compiled(nets.small())
    with pytest.raises(DataError, match="has shape"):
        reference.run(program, Stimulus({"in": np.zeros((1, 4, 2, 4, 5), bool)}, (0,)))


def test_progress_is_told_step_by_step(nets: Any) -> None:
    program, heard = nets.compiled(nets.small()), Counting()
    reference.run(program, nets.spikes(program, steps=3), progress=heard)
    assert heard.heard == [("reference", 3), 1, 1, 1, "end"]
