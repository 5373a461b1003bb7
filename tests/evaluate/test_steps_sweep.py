"""A sweep over T: only T differs between its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from snnvae.errors import ConfigError, DataError
from snnvae.evaluate.steps_sweep import SweepRun, sweep_steps
from snnvae.options import Options


def data(tmp_path: Path, steps: int = 8) -> Path:
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(0).random((3, steps, 2, 4, 4)) < 0.4)
    return path


def swept(graph: nir.NIRGraph, steps: list[int], **more: Any) -> dict[int, SweepRun]:
    runs = sweep_steps(graph, steps, precision="fixed", options=Options(), samples=3, **more)
    return {run.program.steps: run for run in runs}


def test_each_run_sees_the_first_steps_of_the_same_data(nets: Any, tmp_path: Path) -> None:
    runs = swept(nets.small(), [2, 8, 4], file=data(tmp_path))
    assert list(runs) == [8, 4, 2]  # the longest first
    longest = runs[8].recording.spikes["in"]
    for steps, run in runs.items():
        np.testing.assert_array_equal(run.recording.spikes["in"], longest[:, :steps])
        assert run.recording.info["program"] == run.program.digest()


def test_causal_spikes_of_a_short_run_begin_as_those_of_a_long_one(
    nets: Any, tmp_path: Path
) -> None:
    runs = swept(nets.small(), [3, 8], file=data(tmp_path))
    for name, spikes in runs[3].recording.spikes.items():
        np.testing.assert_array_equal(spikes, runs[8].recording.spikes[name][:, :3])


def test_the_change_is_from_the_outputs_of_the_most_steps(nets: Any, tmp_path: Path) -> None:
    runs = swept(nets.small(), [4, 8], file=data(tmp_path))
    best, other = (next(iter(runs[t].recording.outputs.values())) for t in (8, 4))
    assert runs[8].change == 0
    assert runs[4].change == pytest.approx(np.mean((other - best) ** 2))


def test_data_may_be_longer_than_any_run(nets: Any, tmp_path: Path) -> None:
    assert set(swept(nets.small(), [2, 3], file=data(tmp_path, steps=9))) == {2, 3}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([0, 2], "each 1 or more"),
        ([2, 2], "different numbers of steps"),
        ([], "each 1 or more"),
        ([2, 16], "the input holds 8 steps"),
    ],
)
def test_steps_that_make_no_sweep_are_refused(
    nets: Any, tmp_path: Path, steps: list[int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        swept(nets.small(), steps, file=data(tmp_path))


def test_a_network_that_needs_data_says_so(nets: Any) -> None:
    with pytest.raises(DataError, match="needs data"):
        swept(nets.small(), [2])
