"""Lists of spikes, and the layout of neurons."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.sums import LANES, SLACK, listed, listed_short


@given(st.lists(st.booleans(), min_size=24, max_size=24), st.integers(0, 2), st.integers(0, 24))
def test_listed_are_the_positions_of_the_spikes(spikes: list[bool], word: int, n: int) -> None:
    at = 8 * word
    n = min(n, 24 - at)
    row = np.array(spikes, np.uint8)
    index = np.full(3 + n + SLACK, -1, np.int32)
    count = listed(row, row.view(np.uint64), at, n, index, 3)
    assert index[3 : 3 + count].tolist() == np.flatnonzero(spikes[at : at + n]).tolist()
    assert (index[:3] == -1).all()


@given(st.lists(st.booleans(), min_size=16, max_size=16))
def test_the_shorter_list_is_of_those_that_fire_or_of_the_silent_and_the_total(
    spikes: list[bool],
) -> None:
    row = np.array(spikes, np.uint8)
    index = np.zeros(16 + SLACK, np.int32)
    count = listed_short(row, row.view(np.uint64), 0, 16, index, 0, True)
    if count >= 0:
        assert index[:count].tolist() == np.flatnonzero(row).tolist()
    else:
        assert index[:-count].tolist() == [*np.flatnonzero(row == 0), 16]
    assert abs(count) <= 9


@given(st.lists(st.integers(1, 21), min_size=1, max_size=3).map(tuple), st.integers(0, 99))
def test_a_row_holds_every_neuron_once_and_gives_it_back(shape: tuple[int, ...], seed: int) -> None:
    layout = Layout(shape)
    assert layout.size % LANES == 0
    assert len(set(layout.places.tolist())) == np.prod(shape)
    values = np.random.default_rng(seed).random((2, 3, *shape)) < 0.5
    rows = np.zeros((2, 3, layout.size), np.uint8)
    layout.inward(values, rows)
    back = np.empty_like(values)
    layout.outward(rows, back)
    np.testing.assert_array_equal(back, values)
    np.testing.assert_array_equal(rows[..., layout.places].reshape(values.shape), values)
    real = np.zeros((2, 3, *shape))
    layout.outward(rows.astype(float), real)
    np.testing.assert_array_equal(real, values)
