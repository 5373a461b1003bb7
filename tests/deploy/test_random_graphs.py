"""The compiler on random graphs of every NIR primitive, against interpreters that share nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fixed_oracle
import nir
import nir_oracle
import numpy as np
import pytest
from random_graphs import DT, RandomGraph, random_graph, random_streams
from thorough import often

from snnvae import primitives
from snnvae.deploy.compile import compile_graph
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast import engine
from snnvae.hardware_sim.host import host_currents
from snnvae.options import Options
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

STEPS = 10
BATCH = 50


def seeds(batch: int) -> range:
    return range(BATCH * batch, BATCH * (batch + 1))


def run(program: Program, case: RandomGraph, seed: int) -> Recording:
    streams = random_streams(case, STEPS, seed)
    stimulus = Stimulus({name: s[None] for name, s in streams.items()}, (0,))
    return reference.run(program, stimulus, membranes=True)


def assert_as_nir_says(case: RandomGraph, seed: int, rules: nir_oracle.Rules) -> None:
    """Every neuron's spikes; membranes to what float64 leaves of sums in another order."""
    program = compile_graph(case.graph, "float").program
    wanted = nir_oracle.run(case.graph, random_streams(case, STEPS, seed), rules, case.late)
    recording = run(program, case, seed)
    pairs = [(layer.name, layer.name) for layer in program.layers if not layer.added_by_compiler]
    for name, layer in [*pairs, *program.outputs.items()]:
        if layer in recording.spikes:
            got = recording.spikes[layer][0].reshape(wanted[name].shape)
            np.testing.assert_array_equal(got, wanted[name], err_msg=f"seed {seed}: {name}")
        else:
            got = recording.membranes[layer][0].reshape(wanted[name].shape)
            size = max(float(np.abs(wanted[name]).max(initial=0)), 1.0)
            assert np.abs(got - wanted[name]).max(initial=0) <= 1e-12 * size, f"seed {seed}: {name}"


@pytest.mark.parametrize("batch", often(range(10), range(2)))
def test_graphs_compute_what_nir_s_equations_say(batch: int) -> None:
    for seed in seeds(batch):
        assert_as_nir_says(random_graph(seed), seed, nir_oracle.Rules(DT))


@pytest.mark.parametrize("batch", often(range(6), range(2)))
def test_graphs_in_every_convention(batch: int) -> None:
    for seed in seeds(batch):
        rng = np.random.default_rng(seed)
        own = {
            "reset": rng.choice(["zero", "subtract", "subtract-delayed", "subtract-ahead"]),
            "initial": rng.choice(["v_leak", "v_reset", "zero"]),
            "spike": rng.choice(["above", "reached"]),
            "if_gain": rng.choice(["dt", "one"]),
            "integrator": rng.choice(["euler", "exponential", "exponential-decay"]),
        }
        stated: dict[str, Any] = {key: str(value) for key, value in own.items()}
        case = random_graph(seed, metadata=stated)
        assert_as_nir_says(case, seed, nir_oracle.Rules(DT, **stated))


def assert_as_integers_say(case: RandomGraph, seed: int, **own: Any) -> None:
    program = compile_graph(case.graph, "fixed", Options(saturate=True)).program
    recording = run(program, case, seed)
    streams = random_streams(case, STEPS, seed)
    stimulus = Stimulus({name: s[None] for name, s in streams.items()}, (0,))
    currents = {n: c[0].reshape(STEPS, -1) for n, c in host_currents(program, stimulus).items()}
    spikes = {i.name: streams[i.name].reshape(STEPS, -1) for i in program.inputs if not i.analog}
    fired, membranes = fixed_oracle.run(program, spikes, currents)
    for layer in program.layers:
        got = recording.membranes[layer.name][0].reshape(STEPS, -1)
        np.testing.assert_array_equal(got, membranes[layer.name], err_msg=f"{seed}: {layer.name}")
        if layer.neuron.spiking:
            got = recording.spikes[layer.name][0].reshape(STEPS, -1)
            np.testing.assert_array_equal(got, fired[layer.name], err_msg=f"{seed}: {layer.name}")


@pytest.mark.parametrize("batch", often(range(4), range(2)))
def test_graphs_in_fixed_point_are_plain_integer_arithmetic(batch: int) -> None:
    for seed in seeds(batch):
        reset = ("zero", "subtract-ahead", "subtract", "subtract-delayed")[seed % 4]
        assert_as_integers_say(random_graph(seed, metadata={"reset": reset}), seed)


@pytest.mark.parametrize("batch", often(range(2), range(1)))
def test_sums_of_spikes_are_the_same_in_any_order_and_for_any_batch(batch: int) -> None:
    """Tenths, whose sums meet thresholds: matrix products, integers, and single samples."""
    met = 0
    for seed in seeds(batch):
        case = random_graph(seed, decimals=True, stock=True)
        program = compile_graph(case.graph, "float").program
        samples = [random_streams(case, STEPS, 7 * seed + i) for i in range(4)]
        streams = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
        stimulus = Stimulus(streams, (0, 1, 2, 3))
        expected = reference.run(program, stimulus)
        for name, spikes in engine.run(program, stimulus).spikes.items():
            np.testing.assert_array_equal(spikes, expected.spikes[name], err_msg=f"{seed}: {name}")
        for n in range(4):
            alone = reference.run(program, stimulus.select(slice(n, n + 1)))
            for name, spikes in alone.spikes.items():
                np.testing.assert_array_equal(spikes[0], expected.spikes[name][n], err_msg=name)
        met += any(layer.weight_grid for layer in program.layers)
    assert met > 10


def test_the_graphs_have_everything_in_them() -> None:
    """Else the tests above would say less than they seem to."""
    kinds: Counter[str] = Counter()
    for seed in range(500):
        case = random_graph(seed)
        kinds.update(type(node).__name__ for node in _nodes(case.graph))
        kinds["loop"] += bool(case.late)
        kinds["analog"] += bool(case.analog)
        kinds["several inputs"] += (
            sum(isinstance(n, nir.Input) for n in case.graph.nodes.values()) > 1
        )
        kinds["several outputs"] += (
            sum(isinstance(n, nir.Output) for n in case.graph.nodes.values()) > 1
        )
    every = {kind.__name__ for s in primitives.SYNAPSES for kind in s.nir_types}
    every |= {kind.__name__ for n in primitives.NEURONS for kind in n.nir_types}
    every |= {kind.__name__ for kind in primitives.STRUCTURE}
    every |= {"loop", "analog", "several inputs", "several outputs"}
    made_by_the_compiler = {"SparseAffine", "Relay", "Reshape"}
    assert {name for name in every - made_by_the_compiler if kinds[name] < 20} == set()


def _nodes(graph: nir.NIRGraph) -> list[nir.NIRNode]:
    found = []
    for node in graph.nodes.values():
        found.append(node)
        if isinstance(node, nir.NIRGraph):
            found += _nodes(node)
    return found
