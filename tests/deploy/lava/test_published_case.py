"""The single neuron of the NIR paper (Pedersen et al., 2024, experiment 1), on Lava."""

from __future__ import annotations

from itertools import pairwise

import nir
import nir_paper
import numpy as np
import pytest

from snnvae.deploy import lava
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus


@pytest.fixture
def case(make_program):
    nodes = nir_paper.nodes()
    graph = nir.NIRGraph(nodes, list(pairwise(nodes)))
    return lambda precision: (
        make_program(graph, precision, dt=nir_paper.DT),
        Stimulus({"in": nir_paper.stream()[None]}, (0,)),
    )


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_spike_times_are_the_published_ones(case, precision):
    program, stimulus = case(precision)
    expected = np.flatnonzero(reference.run(program, stimulus).spikes["lif"])
    np.testing.assert_array_equal(expected, nir_paper.EULER)
    recording = lava.run(program, stimulus, mode="stock")
    times = np.flatnonzero(recording.spikes["lif"])
    np.testing.assert_array_equal(times, nir_paper.EULER)
    np.testing.assert_array_equal(times + recording.info["latency"], nir_paper.LAVA)
