"""Lists of spikes, and the layout of neurons."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.rows import LANES, SLACK, listed


@given(st.lists(st.booleans(), max_size=70))
def test_listed_are_the_positions_of_the_spikes(spikes: list[bool]) -> None:
    index = np.full(len(spikes) + SLACK, -1, np.int32)
    count = listed(np.array(spikes, np.uint8), index)
    assert index[:count].tolist() == np.flatnonzero(spikes).tolist()


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
