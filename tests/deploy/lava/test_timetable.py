"""The timetable: which hardware step is which sample and which logical step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnvae.deploy.lava.timetable import Timetable, shares_of
from snnvae.deploy.lava.trace import Folder, Trace

small = st.integers(1, 4)


@given(samples=small, steps=small, neurons=small, depth=st.integers(0, 5), extra=st.integers(0, 2))
def test_a_stream_that_a_layer_copies_comes_back_by_sample(samples, steps, neurons, depth, extra):
    """What enters at a layer's depth and is traced there is the stimulus again."""
    timetable = Timetable("stock", samples, steps, {"layer": depth, "last": depth + extra})
    values = np.arange(1, samples * steps * neurons + 1).reshape(samples, steps, neurons)
    stream = timetable.stream(values, depth)
    assert stream.shape == (neurons, timetable.total)
    assert timetable.total == samples * steps + depth + extra
    first = timetable.first("spikes", "layer") - 1
    rows = stream.T[first : first + timetable.rows("spikes")]
    np.testing.assert_array_equal(timetable.by_sample("spikes", rows, (neurons,)), values)
    last = stream.T[timetable.first("final", "layer") - 1 :: timetable.interval("final")]
    last = last[: timetable.rows("final")]
    np.testing.assert_array_equal(timetable.by_sample("final", last, (neurons,)), values[:, -1])


@given(samples=small, steps=small, neurons=small)
def test_batched_streams_carry_all_samples_at_once(samples, steps, neurons):
    timetable = Timetable("batched", samples, steps, {"layer": 0})
    values = np.arange(samples * steps * neurons).reshape(samples, steps, neurons)
    stream = timetable.stream(values, 0)
    assert stream.shape == (samples, neurons, steps)
    assert timetable.total == steps
    rows = np.moveaxis(stream, -1, 1)
    np.testing.assert_array_equal(timetable.by_sample("membranes", rows, (neurons,)), values)


@given(first=st.integers(1, 6), interval=small, length=st.integers(1, 5), steps=st.integers(0, 30))
def test_a_trace_keeps_the_steps_that_have_a_row(tmp_path_factory, first, interval, length, steps):
    folder = Folder(tmp_path_factory.mktemp("trace"), {"a/b": 0})
    path = folder.create("final", "a/b", (length, 2), np.int64)
    trace = Trace(path, first, interval)
    for step in range(1, steps + 1):
        trace.put(step, np.array([step, -step]))
    kept = [s if s <= steps else 0 for s in range(first, first + length * interval, interval)]
    np.testing.assert_array_equal(folder.read("final", "a/b")[:, 0], kept)


@given(samples=st.integers(1, 9), shares=st.integers(1, 5))
def test_shares_trace_their_own_samples(tmp_path_factory, samples, shares):
    folder = Folder(tmp_path_factory.mktemp("trace"), {"a": 0})
    parts = shares_of(samples, shares)
    assert len(parts) <= shares
    for part in parts:
        path = folder.create("spikes", "a", (samples, 2, 3), np.int64)
        trace = Trace(path, 1, 1, part)
        for step in (1, 2, 3):  # the third has no row
            trace.put(step, np.full((part.stop - part.start, 3), 10 * step + part.start))
    starts = np.repeat([p.start for p in parts], [p.stop - p.start for p in parts])
    wanted = np.add.outer(starts, [10, 20])[..., None] + np.zeros((1, 1, 3), int)
    np.testing.assert_array_equal(folder.read("spikes", "a"), wanted)
