"""The codes of the examples' digits: their shapes, what they count, and that they stay the same."""

from __future__ import annotations

import numpy as np
import pytest
from example import example

codes = example("digits_codes")
PIXELS, LABELS = codes.digits()
SOME = PIXELS[:50]


def test_all_digits_are_there_with_brightness_from_0_to_1() -> None:
    assert PIXELS.shape == (1797, 64)
    assert (PIXELS.min(), PIXELS.max()) == (0, 1)
    assert np.bincount(LABELS).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize("name", ["rate", "latency", "events"])
def test_a_code_is_bool_the_same_each_time_and_silent_of_a_black_image(name: str) -> None:
    code = codes.CODES[name]
    spikes = code(SOME)
    shape = (2, 16, 16) if name == "events" else (64,)
    assert spikes.shape == (50, codes.STEPS, *shape)
    assert spikes.dtype == bool
    np.testing.assert_array_equal(code(SOME), spikes)
    assert not code(np.zeros((3, 64))).any()


def test_a_rate_is_the_brightness() -> None:
    spikes = codes.rate_code(np.full((200, 64), 0.25))
    assert abs(spikes.mean() - 0.25) < 0.005
    assert codes.rate_code(np.ones((2, 64))).all()


def test_a_brighter_pixel_spikes_earlier_and_once() -> None:
    spikes = codes.latency_code(SOME)
    np.testing.assert_array_equal(spikes.sum(1), SOME > 0)
    np.testing.assert_array_equal(spikes[:, 0], SOME == 1)
    dim = codes.latency_code(np.full((1, 64), 1 / 16))
    assert dim[:, -1].all()


def test_events_are_the_edges_of_a_moving_point() -> None:
    """A white pixel lights up where it goes and darkens where it was, whenever it moves."""
    point = np.zeros((20, 64))
    point[:, 27] = 1
    on, off = codes.event_code(point).swapaxes(0, 2).swapaxes(1, 2)
    moves = on.any((2, 3))
    np.testing.assert_array_equal(on.sum((2, 3)), moves)
    np.testing.assert_array_equal(off.sum((2, 3)), moves)
    assert moves.sum(1).min() > codes.STEPS // 2
    lit = [np.argwhere(sample) for sample in on]
    gone = [np.argwhere(sample) for sample in off]
    for here, before in zip(lit, gone):
        np.testing.assert_array_equal(before[1:, 1:], here[:-1, 1:])
        np.testing.assert_array_equal(here[-1, 1:], before[0, 1:])  # the saccades lead back
    starts = {tuple(before[0, 1:]) for before in gone}
    assert len(starts) == (codes.FARTHEST_START + 1) ** 2


def test_brightness_that_changes_too_little_makes_no_event() -> None:
    assert not codes.event_code(np.full((2, 64), codes.CONTRAST)).any()
