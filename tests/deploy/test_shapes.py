"""Neurons with one value for a whole layer, as some tools and older releases of nir write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from snnvae.deploy.shapes import in_shape, out_shape
from snnvae.errors import GraphError
from snnvae.export.builder import build_graph
from snnvae.export.nir_file import read_nir, write_nir

SCALAR, ONE = np.float32(1), np.ones(1)


def conv_net(nets: Any, neuron: nir.NIRNode) -> nir.NIRGraph:
    weight = np.random.default_rng(0).normal(0.2, 0.5, (3, 2, 3, 3))
    conv = nir.Conv2d(None, weight, 1, 0, 1, 1, np.zeros(3))
    nodes = {
        "in": nets.source(2, 5, 5),
        "conv": conv,
        "lif": neuron,
        "out": nets.sink(3, 3, 3),
    }
    return nets.chain(nodes)


@pytest.mark.parametrize("one", [SCALAR, ONE, np.ones((1, 1, 1))])
def test_a_single_value_holds_for_every_neuron(nets: Any, one: Any) -> None:
    neuron = nir.LIF(one * 2 * nets.dt, one * 2, one * 0.125, one, v_reset=one * -0.5)
    full = nets.lif(3, 3, 3, leak=0.125, reset=-0.5)
    stream = np.random.default_rng(1).random((20, 2, 5, 5)) < 0.4
    graph = conv_net(nets, neuron)
    assert graph.nodes["lif"].tau.shape == (3, 3, 3)
    assert neuron.tau.shape == one.shape  # the caller's node is as it was
    found, expected = (
        nets.run(g, stream, initial="v_reset").spikes["lif"] for g in (graph, conv_net(nets, full))
    )
    assert expected.any()
    assert np.array_equal(found, expected)


def test_a_scalar_as_older_releases_of_nir_write_it(nets: Any, tmp_path: Path) -> None:
    """1.0.8 writes no scalars, but reads them."""
    path = tmp_path / "scalar.nir"
    write_nir(conv_net(nets, nets.lif(3, 3, 3)), path)
    with h5py.File(path, "r+") as file:
        group = file["node/nodes/lif"]
        for name in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
            value = np.float32(group[name][0, 0, 0])
            del group[name]
            group[name] = value
    assert read_nir(path).nodes["lif"].v_threshold.tolist() == np.ones((3, 3, 3)).tolist()


def test_scales_and_delays_too(nets: Any) -> None:
    nodes = {
        "in": nets.source(3),
        "scale": nir.Scale(ONE * 2),
        "delay": nir.Delay(ONE * nets.dt),
        "spike": nets.threshold(3),
        "out": nets.sink(3),
    }
    graph = nets.chain(nodes)
    assert graph.nodes["scale"].scale.tolist() == [2, 2, 2]
    assert nets.run(graph, np.eye(3)).spikes["spike"][0].tolist() == np.eye(3, k=-1).tolist()


def test_a_single_neuron_that_no_input_reaches_keeps_its_own_shape(nets: Any) -> None:
    nodes = {
        "in": nets.source(4),
        "w": nets.affine(np.ones((2, 4))),
        "a": nets.threshold(2),
        "out": nets.sink(2),
        "lone": nets.threshold(1),
        "back": nets.affine([[1.0]], 1.0),
        "out2": nets.sink(1),
    }
    graph = nets.graph(nodes, "in w a out", "lone back lone out2")
    assert graph.nodes["lone"].threshold.shape == (1,)


def test_a_value_for_some_neurons_only_is_refused(nets: Any) -> None:
    nodes = {"in": nets.source(4), "a": nets.threshold(2), "out": nets.sink(2)}
    with pytest.raises(GraphError, match=r"node 'a' .* has shape \(2,\), but 'in' gives it \(4,\)"):
        build_graph(nodes, [("in", "a"), ("a", "out")])


@pytest.mark.parametrize(
    ("into", "out"), [((1, 6), (1, 4)), ((1, 6), (4,)), ((6,), (1, 1, 4)), ((1, 1, 6), (1, 1, 4))]
)
def test_axes_of_batch_and_time_in_front_are_dropped(
    nets: Any, into: tuple[int, ...], out: tuple[int, ...]
) -> None:
    """As snnTorch's and Rockpool's exporters write them by default."""
    nodes = {
        "in": nets.source(*into),
        "w": nets.affine(np.ones((4, 6))),
        "lif": nets.lif(4),
        "out": nets.sink(*out),
    }
    graph = nets.chain(nodes)
    assert in_shape(graph.nodes["in"]) == (6,)
    assert out_shape(graph.nodes["out"]) == (4,)


def test_a_first_axis_that_is_the_samples_own_stays(nets: Any) -> None:
    conv = nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.zeros(1))
    nodes = {"in": nets.source(1, 4, 4), "c": conv, "n": nets.lif(1, 4, 4)}
    graph = nets.chain({**nodes, "out": nets.sink(1, 4, 4)})
    assert in_shape(graph.nodes["in"]) == (1, 4, 4)


def test_a_scalar_neuron_may_have_an_output_without_axes(nets: Any) -> None:
    nodes = {
        "in": nets.source(3),
        "w": nets.affine(np.ones((1, 3))),
        "lif": nets.lif(),
        "out": nets.sink(),
    }
    assert out_shape(nets.chain(nodes).nodes["out"]) == (1,)


def test_a_matrix_for_each_row_of_axes_in_front(nets: Any) -> None:
    """y[r, o] = Σ_i w[r, o, i] x[r, i] + b[r, o], as numpy.matmul has it."""
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2))
    nodes = {
        "in": nets.source(3, 4),
        "w": nir.Affine(weight, bias),
        "li": nir.I(np.ones((3, 2))),
        "out": nets.sink(3, 2),
    }
    x = rng.random((1, 3, 4)) < 0.5
    found = nets.run(nets.chain(nodes, if_gain="one"), x).outputs["out"]
    wanted = np.matmul(weight, x[0, :, :, None].astype(float))[..., 0] + bias
    np.testing.assert_allclose(found.reshape(3, 2), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("flatten", "remedy"),
    [
        (nir.Flatten({"input": np.array([2, 3])}, 1, -1), "joins axes 1 to -1, counted without"),
        (None, "state the shape of one sample, without batch and time axis, or add a Flatten"),
    ],
)
def test_the_remedy_is_one_that_is_not_there_yet(nets: Any, flatten: Any, remedy: str) -> None:
    between = {} if flatten is None else {"flat": flatten}
    nodes = {"in": nets.source(2, 3), **between, "w": nets.affine(np.ones((4, 6)))}
    with pytest.raises(GraphError, match=remedy):
        nets.chain({**nodes, "lif": nets.lif(4), "out": nets.sink(4)})


@pytest.mark.parametrize("outer", [(1,), (1, 1)])
@pytest.mark.parametrize("out", [(4,), (1, 4)])
def test_axes_in_front_of_parameters_are_dropped(
    nets: Any, outer: tuple[int, ...], out: tuple[int, ...]
) -> None:
    """Neurons, scales and delays of (1, N) between weights run as those of (N,) do."""
    rng = np.random.default_rng(0)
    weights = [nets.affine(rng.normal(0.4, 0.5, shape)) for shape in ((4, 6), (4, 4), (4, 4))]
    levels, x = rng.uniform(0.5, 1, 4), rng.random((12, 6)) < 0.5

    def spikes(front: tuple[int, ...]) -> dict[str, np.ndarray]:
        shape = (*front, 4)
        nodes = {
            "in": nets.source(6),
            "w": weights[0],
            "a": nets.lif(*shape, threshold=levels.reshape(shape)),
            "late": nets.delay(*shape, steps=2),
            "v": weights[1],
            "scale": nir.Scale(levels.reshape(shape)),
            "b": nets.lif(*shape, threshold=levels.reshape(shape)),
            "u": weights[2],
            "c": nets.lif(*shape),
            "out": nets.sink(*out),
        }
        return nets.run(nets.chain(nodes), x).spikes

    found, wanted = spikes(outer), spikes(())
    for name in "abc":
        assert wanted[name].any()
        np.testing.assert_array_equal(found[name], wanted[name])


def test_they_are_dropped_from_the_first_neurons_for_their_readers(nets: Any) -> None:
    """An input and its neurons both have a batch axis, the weights behind them none; what an
    output has is no reason for it to stay."""
    nodes = {
        "in": nets.source(1, 4),
        "a": nets.lif(1, 4),
        "w": nets.affine(np.ones((2, 4))),
        "b": nets.lif(1, 2),
        "all": nets.sink(1, 4),
        "out": nets.sink(2),
    }
    graph = nets.graph(nodes, "in a w b out", "a all")
    assert [in_shape(graph.nodes[name]) for name in ("in", "a", "b")] == [(4,), (4,), (2,)]
    assert graph.nodes["a"].v_threshold.shape == (4,)
    nets.compiled(graph)


def test_axes_in_front_that_say_more_than_one_are_refused(nets: Any) -> None:
    nodes = {"in": nets.source(6), "w": nets.affine(np.ones((4, 6))), "lif": nets.lif(2, 4)}
    with pytest.raises(GraphError, match=r"'lif' \(LIF\) has shape \(2, 4\), but 'w' gives it"):
        nets.chain({**nodes, "out": nets.sink(2, 4)})


def test_a_batch_axis_that_is_due_nowhere_is_called_so(nets: Any) -> None:
    nodes = {"in": nets.source(1, 4), "lif": nets.lif(1, 4), "out": nets.sink(4)}
    with pytest.raises(
        GraphError, match=r"leave out the axes of batch and time in front of \(1, 4\)"
    ):
        nets.chain(nodes)


def test_a_graph_may_not_claim_more_than_any_network_has(nets: Any) -> None:
    """36 kB could ask for gigabytes: one parameter stands for a layer of any size."""
    wide = {"in": nets.source(1 << 28), "n": nets.lif(1), "out": nets.sink(1 << 28)}
    with pytest.raises(
        GraphError, match=r"has a shape .* over the 16,777,216 values of the largest"
    ):
        nets.chain(wide)
    names = [f"n{i}" for i in range(20)]
    many = {"in": nets.source(1 << 20), **{name: nets.lif(1) for name in names}}
    with pytest.raises(GraphError, match=r"its nodes give 23,068,672 values, over the 16,777,216"):
        nets.chain({**many, "out": nets.sink(1 << 20)})
