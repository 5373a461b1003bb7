"""The single neuron of the NIR paper (Pedersen et al., 2024, experiment 1), on Lava."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnvae.deploy import lava
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus

INPUT = [60, 220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460, 470, 480, 490, 500, 510]
INPUT += [520, 530, 670, 680, 690, 700, 710, 720, 730, 740, 750, 760, 770, 780, 840, 850]
PUBLISHED = [460, 510, 710, 760]
PUBLISHED_ON_LAVA = [461, 511, 711, 761]


@pytest.fixture
def case(make_program):
    one = np.ones(1)
    nodes = {
        "in": nir.Input(np.array([1])),
        "w": nir.Affine(np.ones((1, 1)), np.zeros(1)),
        "lif": nir.LIF(2.5e-3 * one, one, 0 * one, 0.1 * one, v_reset=0 * one),
        "out": nir.Output(np.array([1])),
    }
    graph = nir.NIRGraph(nodes, [("in", "w"), ("w", "lif"), ("lif", "out")])
    stream = np.zeros((1, 1000, 1), bool)
    stream[0, INPUT, 0] = True
    return lambda precision: (
        make_program(graph, precision, dt=1e-4),
        Stimulus({"in": stream}, (0,)),
    )


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_spike_times_are_the_published_ones(case, precision):
    program, stimulus = case(precision)
    expected = np.flatnonzero(reference.run(program, stimulus).spikes["lif"])
    np.testing.assert_array_equal(expected, PUBLISHED)
    recording = lava.run(program, stimulus, mode="stock")
    times = np.flatnonzero(recording.spikes["lif"])
    np.testing.assert_array_equal(times, PUBLISHED)
    np.testing.assert_array_equal(times + recording.info["latency"], PUBLISHED_ON_LAVA)
