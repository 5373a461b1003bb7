"""What of a graph is trained, and what is not."""

from __future__ import annotations

import nir
import numpy as np
import pytest
import torch
from small_graphs import OPTIONS, affine, chain, conv, drawn, lif, ones, readout

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.settings import METADATA_KEY
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.options import Options
from snnvae.train.network.calibrated import SAMPLES, calibrated
from snnvae.train.network.held_out import held_out
from snnvae.train.network.weights import TrainedGraph


def test_zeros_stay_and_weights_keep_within_8_bits() -> None:
    net = chain((4,), affine(5, 4), lif(5), affine(3, 5), readout(3))
    net.nodes["n0"].weight[0] = 0
    net.nodes["n2"].bias[:] = 0
    trained = TrainedGraph(net, "fixed", OPTIONS)
    assert ("n2", "bias") not in trained.parameters
    optimizer = torch.optim.SGD(trained.parameters.values(), lr=1e3)
    for slot in trained.program()[1].values():
        if slot.requires_grad:
            slot.sum().backward(retain_graph=True)
    optimizer.step()
    trained.keep_within()
    program, slots = trained.program()
    assert not trained.graph.nodes["n0"].weight[0].any()
    weights = [values for (kind, _), values in slots.items() if kind == "weight"]
    assert [values.detach().abs().max() for values in weights] == [254, 254]
    assert compile_graph(trained.graph, "fixed").program.digest() == program.digest()


def test_a_gradient_is_that_of_the_float_program_times_the_scale() -> None:
    net = chain((4,), affine(5, 4), lif(5), affine(3, 5), lif(3))
    trained = TrainedGraph(net, "fixed", OPTIONS)
    _, slots = trained.program()
    slots["weight", "n0"].sum().backward()
    gain = np.array([4 / (4 * (1 + n % 3)) for n in range(5)])
    wanted = gain[:, None] * trained.scales["n1"]
    found = trained.parameters["n0", "weight"].grad
    assert found is not None
    assert np.allclose(found.numpy(), np.broadcast_to(wanted, (5, 4)))


def test_pooled_sums_of_weights_are_refused_by_node() -> None:
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    net = chain((2, 6, 6), conv(3, 2, (6, 6)), pool, lif(3, 3, 3))
    with pytest.raises(UnsupportedError, match=r"'n0' \(Conv2d\): sums of its weights"):
        TrainedGraph(net, "fixed", OPTIONS)


def test_a_network_without_weights_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="no weights"):
        TrainedGraph(chain((3,), nir.Scale(ones(3, value=2)), lif(3)), "fixed", OPTIONS)


def test_the_trained_graph_states_what_options_said() -> None:
    options = Options(dt=1e-3, steps=9, analog=("input",), reset="subtract", initial="zero")
    trained = TrainedGraph(chain((4,), affine(3, 4), lif(3)), "float", options)
    program = compile_graph(trained.graph, "float").program
    assert program.steps == 9
    assert program.inputs[0].analog
    assert trained.graph.metadata[METADATA_KEY]["reset"] == "subtract"
    with pytest.raises(ConfigError, match="Delay"):
        TrainedGraph(trained.graph, "float", Options(delay_edges=(("n1", "n1"),)))


def test_scales_come_from_all_of_the_samples() -> None:
    net = chain((4,), affine(5, 4), lif(5), affine(3, 5), readout(3))
    options = Options(dt=1e-3, steps=3, initial="zero", analog=("input",))
    silent = np.zeros((SAMPLES * 2, 3, 4))
    late = silent.copy()
    late[-1] = 1e6  # files often hold one class after another
    found = [calibrated(net, options, {"input": data}, "max") for data in (silent, late)]
    assert found[0].scales != found[1].scales


def test_held_out_samples_have_their_share_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 1])
    held, rest = held_out(labels, 0.2, seed=3)
    assert np.bincount(labels[held], minlength=3).tolist() == [10, 6, 0]
    assert sorted([*held, *rest]) == list(range(81))
    assert len(held_out(drawn(10, 2), 0.3, seed=0)[0]) == 3
    for share in (0.01, 0.99):  # one at least on either side, of each class that has two
        for side in held_out(np.repeat([0, 1, 2], [3, 2, 1]), share, seed=0):
            assert set(np.repeat([0, 1, 2], [3, 2, 1])[side]) >= {0, 1}
    with pytest.raises(ConfigError, match="leaves 0 to judge by and 1"):
        held_out(np.array([4]), 0.5, seed=0)
