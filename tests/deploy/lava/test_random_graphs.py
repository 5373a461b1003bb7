"""Random graphs on Lava, in both modes: spike for spike; in fixed point bit for bit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from random_graphs import RandomGraph, random_graph, random_streams
from thorough import often

from snnvae.deploy import lava
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.timing import check_stock, schedule
from snnvae.errors import UnsupportedError
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

SAMPLES, STEPS = 3, 6
SEEDS = range(30)
FEW: dict[Precision, tuple[int, ...]] = {"float": (14, 24), "fixed": (0, 4, 12)}
"""What all of them have among them, in few processes."""


def stimulus_of(case: RandomGraph, seed: int) -> Stimulus:
    samples = [random_streams(case, STEPS, 10 * seed + i) for i in range(SAMPLES)]
    streams = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
    return Stimulus(streams, tuple(range(SAMPLES)))


def assert_same(program: Program, expected: Recording, found: Recording) -> None:
    assert found.spikes.keys() == expected.spikes.keys()
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes, err_msg=name)
    for name, values in expected.membranes.items():
        if program.precision == "fixed":
            np.testing.assert_array_equal(found.membranes[name], values, err_msg=name)
        else:
            # The same float64 terms in another order.
            np.testing.assert_allclose(found.membranes[name], values, rtol=1e-12, atol=1e-12)


def check(program: Program, stimulus: Stimulus) -> bool:
    """Both modes; whether stock Lava has processes for all of it."""
    expected = reference.run(program, stimulus, membranes=True)
    found = lava.run(program, stimulus, mode="batched", membranes=True)
    assert_same(program, expected, found)
    try:
        check_stock(program)
    except UnsupportedError as error:
        with pytest.raises(UnsupportedError, match=re.escape(str(error).split()[1])):
            lava.run(program, stimulus, mode="stock")
        return False
    found = lava.run(program, stimulus, mode="stock", membranes=True)
    assert_same(program, expected, found)
    assert found.info["latency"] == schedule(program).latency
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "seed"),
    often(product(FEW, SEEDS), [(precision, seed) for precision in FEW for seed in FEW[precision]]),
)
def test_lava_computes_what_the_reference_does(precision: Precision, seed: int) -> None:
    case = random_graph(seed, stock=seed % 3 > 0)
    program = compile_graph(case.graph, precision, Options(saturate=True)).program
    check(program, stimulus_of(case, seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", often([1, 4, 7, 10], [10]))
def test_accepted_latency_and_scales_per_channel_are_stock_lava_too(seed: int) -> None:
    case = random_graph(seed, stock=True)
    options = Options(loop_latency="accept", scale_per="channel", saturate=True)
    program = compile_graph(case.graph, "fixed", options).program
    assert program.groups == ()
    assert check(program, stimulus_of(case, seed))


@pytest.mark.parametrize(("seeds", "least"), [(SEEDS, 3), *((seeds, 1) for seeds in FEW.values())])
def test_the_cases_have_waits_delays_loops_and_refusals_among_them(
    seeds: Sequence[int], least: int
) -> None:
    """Else they would say less than they seem to."""
    waits = delays = loops = refused = currents = 0
    for seed in seeds:
        case = random_graph(seed, stock=seed % 3 > 0)
        program = compile_graph(case.graph, "fixed", Options(saturate=True)).program
        currents += any(getattr(layer.neuron, "du", None) is not None for layer in program.layers)
        loops += bool(program.groups)
        try:
            check_stock(program)
        except UnsupportedError:
            refused += 1
            continue
        waits += any(schedule(program).waits.values())
        outside = [c for c in program.connections if program.group_of(c.target) is None]
        delays += any(c.delay and c.source not in {i.name for i in program.inputs} for c in outside)
    assert min(waits, delays, loops, refused, currents) >= least
