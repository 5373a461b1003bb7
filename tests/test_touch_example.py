"""The touches that the example of a recurrent network makes, and what tells letters apart."""

from __future__ import annotations

import numpy as np
from example import example

touch = example("07_braille_like_touch")
EVENTS, LABELS = touch.touched(140, seed=3)


def test_touches_are_the_same_for_a_seed_and_as_many_of_each_letter() -> None:
    assert EVENTS.shape == (140, touch.STEPS, 12)
    assert EVENTS.dtype == bool
    assert np.bincount(LABELS).tolist() == [20] * len(touch.LETTERS)
    again, labels = touch.touched(140, seed=3)
    np.testing.assert_array_equal(again, EVENTS)
    np.testing.assert_array_equal(labels, LABELS)
    assert (touch.touched(140, seed=4)[0] != EVENTS).any()


def test_dots_are_felt_where_they_are() -> None:
    """More dots, more events; a dot of the right column is felt later, one at the top above."""
    names = list(touch.LETTERS)

    def of(letter: str) -> np.ndarray:
        return EVENTS[names.index(letter) == LABELS].mean(0)

    amount = {letter: of(letter).sum() for letter in names}
    assert amount["space"] < amount["a"] < amount["e"] < amount["o"] < amount["y"]
    left_alone, both = of("a"), of("e")
    when = [spread.sum(1) @ np.arange(touch.STEPS) / spread.sum() for spread in (left_alone, both)]
    assert when[0] + 3 < when[1]
    on = left_alone[:, : touch.TAXELS].sum(0)
    assert on[:3].sum() > 5 * on[3:].sum()


def test_pressure_that_rises_falls_again() -> None:
    on, off = EVENTS[..., : touch.TAXELS].sum(), EVENTS[..., touch.TAXELS :].sum()
    assert 0.8 < on / off < 1.25
