"""Plain NIR for other tools: the same network without our node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from random_graphs import random_graph, random_streams

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.errors import UnsupportedError
from snnvae.export.builder import build_graph
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.export.passes.standard import lower_to_standard
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.primitives import NirConvTranspose2d, NirReshape, NirSparseAffine
from snnvae.program import Precision
from snnvae.recording import Recording

MODELS = ["digits-esvae", "digits-fsvae"]


def assert_same(one: Recording, other: Recording) -> None:
    assert set(one.spikes) == set(other.spikes)
    for name, spikes in one.spikes.items():
        again = other.spikes[name].reshape(spikes.shape)
        assert (again != spikes).sum() == 0, name
    for name, value in one.outputs.items():
        assert other.outputs[name].shape == value.shape
        np.testing.assert_allclose(other.outputs[name], value, rtol=0, atol=1e-9)


def generated(graph: nir.NIRGraph, precision: Precision) -> Recording:
    program = compile_graph(graph, precision).program
    return reference.run(program, build_stimulus(program, range(4), seed=3))


@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("name", MODELS)
def test_a_zoo_model_gives_the_same_spikes_and_images(name: str, precision: Precision) -> None:
    graph = read_nir(zoo.path(name))
    plain = lower_to_standard(graph)
    assert not any(isinstance(node, NirConvTranspose2d) for node in plain.nodes.values())
    one = generated(graph, precision)
    assert all(spikes.any() for spikes in one.spikes.values())
    assert_same(one, generated(plain, precision))


@pytest.mark.parametrize("name", MODELS)
def test_plain_nir_reads_it_without_us(name: str, tmp_path: Path) -> None:
    path = tmp_path / "plain.nir"
    write_nir(lower_to_standard(read_nir(zoo.path(name))), path)
    script = (
        "import sys, nir; graph = nir.read(sys.argv[1]); "
        "assert 'snnvae' not in sys.modules; print(len(graph.nodes))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) == len(nir.read(path).nodes)
    # The other way round, the original is beyond plain NIR: this is why the pass exists.
    refused = subprocess.run(
        [sys.executable, "-c", script, str(zoo.path(name))], capture_output=True, check=False
    )
    assert refused.returncode != 0


def test_biases_leaks_and_parameters_per_neuron_survive(nets: Any) -> None:
    rng = np.random.default_rng(5)
    graph = nets.small()
    graph.nodes["second"] = nets.lif(
        2,
        8,
        8,
        leak=rng.normal(0, 0.2, (2, 8, 8)),
        threshold=rng.uniform(0.5, 1, (2, 8, 8)),
        reset=rng.uniform(-0.3, 0, (2, 8, 8)),
    )
    stimulus = nets.spikes(nets.compiled(graph, initial="v_leak"))
    one, other = (
        reference.run(nets.compiled(g, initial="v_leak"), stimulus)
        for g in (graph, lower_to_standard(graph))
    )
    assert one.spikes["second"].any()
    assert_same(one, other)


def test_what_comes_before_stays_as_it_is(nets: Any) -> None:
    graph = nets.small()
    plain = lower_to_standard(graph)
    assert isinstance(plain.nodes["conv"], nir.Conv2d)
    assert plain.nodes["first"].tau.shape == (3, 4, 4)
    assert isinstance(plain.nodes["first.flat"], nir.Flatten)
    assert isinstance(plain.nodes["up"], nir.Affine)
    assert plain.nodes["second"].tau.shape == (128,)
    assert plain.nodes["out"].output_type["output"].tolist() == [64]
    assert nets.compiled(plain).readouts["out"].shape == (1, 8, 8)


def test_a_node_that_is_called_as_a_bridge_would_be_stays_itself(nets: Any) -> None:
    """Beside the chain, 'first.flat' and 'first.flat_' carry something else altogether."""
    graph = nets.small()
    nodes = {**graph.nodes, "first.flat": nets.lif(3, 4, 4), "first.flat_": nets.lif(3, 4, 4)}
    edges = [*graph.edges, ("conv", "first.flat"), ("first.flat", "first.flat_")]
    edges += [("first.flat_", "other")]
    nodes["other"] = nets.sink(3, 4, 4)
    graph = build_graph(nodes, edges, graph.metadata)
    plain = lower_to_standard(graph)
    assert isinstance(plain.nodes["first.flat"], nir.LIF)
    assert isinstance(plain.nodes["first.flat__"], nir.Flatten)
    stimulus = nets.spikes(nets.compiled(graph))
    one, other = (reference.run(nets.compiled(g), stimulus) for g in (graph, plain))
    assert one.spikes["second"].any()
    assert_same(one, other)


def test_two_ways_out_of_a_node_share_a_bridge(nets: Any) -> None:
    graph = nets.small()
    nodes = dict(graph.nodes)
    nodes["again"] = nodes["up"]
    edges = [*graph.edges, ("first", "again"), ("again", "second")]
    graph = build_graph(nodes, edges, graph.metadata)
    plain = lower_to_standard(graph)
    assert [n for n in plain.nodes if n not in graph.nodes] == ["first.flat"]
    stimulus = nets.spikes(nets.compiled(graph))
    one, other = (reference.run(nets.compiled(g), stimulus) for g in (graph, plain))
    assert one.spikes["second"].any()
    assert_same(one, other)


def test_a_graph_without_our_nodes_stays_as_it_is(nets: Any) -> None:
    graph = nets.chain({"in": nets.source(2), "a": nets.threshold(2), "out": nets.sink(2)})
    lowered = lower_to_standard(graph)
    assert (list(lowered.nodes), lowered.edges) == (list(graph.nodes), graph.edges)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_keep_their_spikes_in_plain_nir(nets: Any, seed: int) -> None:
    case = random_graph(seed)
    plain = lower_to_standard(case.graph)
    own = (NirConvTranspose2d, NirSparseAffine, NirReshape)
    assert not any(isinstance(node, (*own, nir.NIRGraph)) for node in plain.nodes.values())
    streams = random_streams(case, 8, seed)
    one, other = (nets.run(g, streams) for g in (case.graph, plain))
    for name, spikes in one.spikes.items():
        np.testing.assert_array_equal(other.spikes[name].reshape(spikes.shape), spikes)


def test_the_given_graph_is_left_alone(nets: Any) -> None:
    graph = nets.small()
    before = nets.compiled(graph).digest()
    metadata = repr(graph.metadata)
    lower_to_standard(graph)
    assert nets.compiled(graph).digest() == before
    assert repr(graph.metadata) == metadata
    assert graph.nodes["out"].output_type["output"].tolist() == [1, 8, 8]


def test_a_loop_through_our_node_is_lowered_too(nets: Any) -> None:
    """z → up → a → Delay → a, with a one-to-one edge back."""
    up = NirConvTranspose2d((2, 2), np.full((1, 1, 2, 2), 0.7), 2, 0, 0, 1, 1, np.zeros(1))
    nodes = {
        "in": nets.source(1, 2, 2),
        "up": up,
        "a": nets.lif(1, 4, 4, threshold=0.6),
        "late": nets.delay(1, 4, 4, steps=2),
        "out": nets.sink(1, 4, 4),
    }
    graph = nets.graph(nodes, "in up a late a", "a out")
    stimulus = nets.spikes(nets.compiled(graph))
    one, other = (
        reference.run(nets.compiled(g), stimulus) for g in (graph, lower_to_standard(graph))
    )
    assert 0 < one.spikes["a"].mean() < 1
    assert_same(one, other)


def test_a_large_map_is_refused_with_its_size(nets: Any) -> None:
    """64 × 32² values to 32 × 64²: 32 GiB of Affine weights, which are never allocated."""
    up = NirConvTranspose2d(
        (32, 32), np.ones((64, 32, 3, 3), np.float32), 2, 1, 1, 1, 1, np.zeros(32)
    )
    nodes = {
        "in": nets.source(64, 32, 32),
        "up": up,
        "a": nets.threshold(32, 64, 64),
        "out": nets.sink(32, 64, 64),
    }
    with pytest.raises(UnsupportedError, match=r"32\.0 GiB of Affine.*'up'.*limit of 1 GiB"):
        lower_to_standard(nets.chain(nodes))
