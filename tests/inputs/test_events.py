"""Events into steps, without losing one to floating point."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.inputs.events import check_room, step_count, steps_of, to_grid


@pytest.mark.parametrize("dt", [1e-4, 1e-3, 0.003, 1 / 3, 2.0**-10, 0.7e-6])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_event_of_a_step_stays_in_it(dt: float, dtype: Any) -> None:
    steps = np.arange(20_000)
    np.testing.assert_array_equal(steps_of((steps * dt).astype(dtype), dt), steps)


def test_nir_itself_loses_some() -> None:
    """What this module is for: drop it when NIR rounds."""
    spikes = nir.TimeGriddedData(np.ones((1, 2000, 1), bool), 1e-4)
    events = spikes.to_event(2000)
    assert not events.to_time_gridded(1e-4).data.all()
    assert to_grid(events.idx, events.time, None, 1e-4, 2000, 1).all()


def test_an_event_within_a_step_belongs_to_it() -> None:
    times = np.array([0.0, 0.4e-3, 0.6e-3, 0.999e-3, 1e-3, 1.5e-3])
    np.testing.assert_array_equal(steps_of(times, 1e-3), [0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize("shift", [0.0, 0.3e-4, 0.5e-4, 0.9e-4])
def test_nirs_shifted_events_come_back(shift: float) -> None:
    spikes = np.random.default_rng(0).random((3, 500, 7)) < 0.2
    events = nir.TimeGriddedData(spikes, 1e-4).to_event(2000, shift)
    grid = to_grid(events.idx, events.time, None, 1e-4, step_count(events.t_max, 1e-4), 7)
    np.testing.assert_array_equal(grid, spikes)


def test_whole_numbers_are_times_too() -> None:
    np.testing.assert_array_equal(steps_of(np.array([0, 1, 4]), 0.5), [0, 2, 8])


@pytest.mark.parametrize(
    ("duration", "dt", "steps"),
    [(1e-3, 1e-4, 10), (0.3, 0.1, 3), (1.05e-3, 1e-4, 11), (1e-9, 1, 1)],
)
def test_steps_cover_the_duration(duration: float, dt: float, steps: int) -> None:
    assert step_count(duration, dt) == steps


@pytest.mark.parametrize("duration", [0.0, -1.0, 1e30])
def test_a_duration_of_no_use_is_refused(duration: float) -> None:
    with pytest.raises(DataError, match="t_max"):
        step_count(duration, 1e-3)


def grid(index: Any, time: Any, value: Any = None) -> np.ndarray:
    given = None if value is None else np.array(value)
    return to_grid(np.array(index), np.array(time), given, 1.0, 4, 3)


def test_padding_is_no_event() -> None:
    found = grid([[2, -1], [-1, 0]], [[1.0, np.inf], [np.nan, 3.0]])
    np.testing.assert_array_equal(np.argwhere(found), [[0, 1, 2], [1, 3, 0]])


def test_two_events_of_a_step_are_one_spike() -> None:
    assert grid([[1, 1]], [[2.0, 2.5]]).sum() == 1


def test_values_stand_in_their_steps() -> None:
    found = grid([[1, 0]], [[2.0, 0.0]], [[0.5, -2.0]])
    assert (found[0, 2, 1], found[0, 0, 0], np.abs(found).sum()) == (0.5, -2.0, 2.5)
    with pytest.raises(DataError, match="two values for one neuron in one step"):
        grid([[1, 1]], [[2.0, 2.5]], [[1.0, 1.0]])


@pytest.mark.parametrize(
    ("index", "time", "message"),
    [
        ([[3]], [[0.0]], "event of neuron 3, but there are 0 to 2"),
        ([[-2]], [[0.0]], "event of neuron -2"),
        ([[0]], [[4.0]], "event in step 4, but there are 0 to 3"),
        ([[0]], [[-0.5]], "event in step -1"),
        ([[0]], [[1e300]], "event in step"),
        ([[0]], [[np.inf]], "not finite"),
        ([[0]], [[np.nan]], "not finite"),
    ],
)
def test_what_lies_outside_is_refused(index: Any, time: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        grid(index, time)


def test_a_grid_without_measure_is_refused() -> None:
    check_room(1, 1 << 20, 1 << 10, np.dtype(bool))
    with pytest.raises(DataError, match="over 4 GiB; split it, or mend t_max"):
        check_room(1, 1 << 30, 1 << 10, np.dtype(bool))
