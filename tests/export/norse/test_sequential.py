"""Norse modules as NIR: what is exported fires as Norse itself does, or is refused by name."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import nn

from snnvae.errors import GraphError, UnsupportedError
from snnvae.export import from_norse
from snnvae.primitives import NirConvTranspose2d

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    from norse.torch import (
        LIBoxCell,
        LIBoxParameters,
        LIFBoxCell,
        LIFBoxParameters,
        Lift,
        SequentialState,
    )
    from norse.torch.functional.reset import reset_subtract

STEPS = 40
DT = 1e-3
Net = Callable[[], nn.Module]


def lif(dt: float = DT, **parameters: Any) -> LIFBoxCell:
    """Parameters as tensors; by default half of the membrane leaks in a step."""
    method = (
        {"reset_method": parameters.pop("reset_method")} if "reset_method" in parameters else {}
    )
    values = {"tau_mem_inv": 500.0, "v_th": 0.4, **parameters}
    tensors = {name: torch.as_tensor(value) for name, value in values.items()}
    return LIFBoxCell(LIFBoxParameters(**tensors, **method), dt=dt)


def li(**parameters: float) -> LIBoxCell:
    tensors = {name: torch.as_tensor(value) for name, value in parameters.items()}
    return LIBoxCell(LIBoxParameters(**tensors))


def twice() -> nn.Module:
    shared = nn.Linear(6, 6)
    return SequentialState(shared, lif(), shared, lif(tau_mem_inv=250.0))


def one_cell_twice() -> nn.Module:
    """Norse keeps a state for each place, so the two are two populations."""
    cell = lif()
    return SequentialState(nn.Linear(6, 5), cell, nn.Linear(5, 6), cell)


VECTORS: dict[str, Net] = {
    "plain": lambda: SequentialState(nn.Linear(6, 8), lif(), nn.Linear(8, 5), lif()),
    "norse's own time constant": lambda: SequentialState(
        nn.Linear(6, 8), LIFBoxCell(LIFBoxParameters(v_th=torch.as_tensor(0.3)))
    ),
    "parameters that are numbers": lambda: SequentialState(
        nn.Linear(6, 8), LIFBoxCell(LIFBoxParameters(tau_mem_inv=300.0, v_reset=-0.1, v_th=0.3))
    ),
    "without bias": lambda: SequentialState(nn.Linear(6, 8, bias=False), lif()),
    "slow and fast": lambda: SequentialState(
        nn.Linear(6, 8), lif(tau_mem_inv=123.0), nn.Linear(8, 5), lif(tau_mem_inv=1000.0)
    ),
    "v_reset": lambda: SequentialState(nn.Linear(6, 8), lif(v_reset=-0.7, v_th=0.3)),
    "v_leak": lambda: SequentialState(nn.Linear(6, 8), lif(v_leak=0.25, v_th=0.6)),
    "v_leak and v_reset": lambda: SequentialState(nn.Linear(6, 8), lif(v_leak=-0.2, v_reset=0.1)),
    "reset_subtract": lambda: SequentialState(
        nn.Linear(6, 8),
        lif(reset_method=reset_subtract, v_leak=0.1),
        nn.Linear(8, 5),
        lif(reset_method=reset_subtract),
    ),
    "parameters per neuron": lambda: SequentialState(
        nn.Linear(6, 4),
        lif(
            tau_mem_inv=torch.tensor([100.0, 300.0, 500.0, 900.0]),
            v_th=torch.tensor([0.2, 0.3, 0.4, 0.5]),
            v_leak=torch.tensor([0.0, 0.1, -0.1, 0.2]),
            v_reset=torch.tensor([0.0, -0.1, 0.1, -0.3]),
        ),
    ),
    "another dt": lambda: SequentialState(nn.Linear(6, 8), lif(dt=5e-4)),
    "BatchNorm1d": lambda: SequentialState(nn.Linear(6, 8), nn.BatchNorm1d(8), lif()),
    "BatchNorm1d after neurons": lambda: SequentialState(
        nn.Linear(6, 5), lif(), nn.BatchNorm1d(5), lif()
    ),
    "BatchNorm1d, its eps": lambda: SequentialState(
        nn.Linear(6, 8), nn.BatchNorm1d(8, eps=0.5), lif()
    ),
    "BatchNorm1d without weights": lambda: SequentialState(
        nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8, affine=False), lif(v_th=0.1)
    ),
    "a readout": lambda: SequentialState(
        nn.Linear(6, 8), lif(), nn.Linear(8, 3), li(tau_mem_inv=200.0, v_leak=0.3)
    ),
    "a layer used twice": twice,
    "a cell used twice": one_cell_twice,
    "sequentials in sequentials": lambda: SequentialState(
        SequentialState(nn.Sequential(nn.Linear(6, 8)), lif()),
        SequentialState(SequentialState(nn.Linear(8, 5), lif())),
    ),
}

MAPS: dict[str, Net] = {
    "convolution": lambda: SequentialState(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), lif(), nn.Conv2d(4, 3, 2), lif()
    ),
    "dilated convolution without bias": lambda: SequentialState(
        nn.Conv2d(2, 4, 2, dilation=2, bias=False), lif()
    ),
    "transposed convolution in groups": lambda: SequentialState(
        nn.ConvTranspose2d(2, 4, (3, 2), groups=2, dilation=2), lif(v_th=0.5)
    ),
    "transposed convolution": lambda: SequentialState(
        nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), lif(v_th=0.5)
    ),
    "BatchNorm2d after both": lambda: SequentialState(
        nn.Conv2d(2, 4, 3, stride=2, padding=1),
        nn.BatchNorm2d(4),
        lif(),
        nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1),
        nn.BatchNorm2d(3),
        lif(v_th=0.1),
    ),
    "convolution in groups": lambda: SequentialState(
        nn.Conv2d(2, 4, 3, groups=2, padding=(1, 0)), lif(), nn.Conv2d(4, 4, 3, groups=4), lif()
    ),
    "convolution with a kernel that is not square": lambda: SequentialState(
        nn.Conv2d(2, 3, (3, 1), stride=(1, 2), dilation=(2, 1)), lif()
    ),
    "convolution with an even kernel, same": lambda: SequentialState(
        nn.Conv2d(2, 3, (2, 4), padding="same"), lif()
    ),
    "BatchNorm2d after a transposed convolution in groups": lambda: SequentialState(
        nn.ConvTranspose2d(2, 4, 3, groups=2), nn.BatchNorm2d(4), lif(v_th=0.5)
    ),
    "BatchNorm2d after neurons": lambda: SequentialState(
        lif(v_th=0.1), nn.BatchNorm2d(2), lif(), nn.Flatten(), nn.Linear(72, 5), lif()
    ),
    "mean pool": lambda: SequentialState(
        nn.Conv2d(2, 3, 3), lif(), nn.AvgPool2d(2), nn.Conv2d(3, 4, 2), lif()
    ),
    "mean pool of windows that overlap": lambda: SequentialState(
        lif(), nn.AvgPool2d((3, 2), stride=(1, 2), padding=(1, 0)), lif(v_th=0.1)
    ),
    "mean pool of the whole map": lambda: SequentialState(
        nn.Conv2d(2, 3, 3), lif(), nn.AdaptiveAvgPool2d(2), lif(v_th=0.3)
    ),
    "sum pool": lambda: SequentialState(nn.LPPool2d(1, 2), lif(v_th=1.0)),
    "maximum pool": lambda: SequentialState(
        nn.MaxPool2d(2), nn.Conv2d(2, 3, 2), lif(), nn.MaxPool2d(2, stride=1, padding=1), lif()
    ),
    "a vector as a map": lambda: SequentialState(
        nn.Flatten(),
        nn.Linear(72, 12),
        lif(),
        nn.Unflatten(1, (3, 2, 2)),
        nn.ConvTranspose2d(3, 2, 2, stride=2),
        lif(),
    ),
    "flattened": lambda: SequentialState(
        nn.Conv2d(2, 3, 3, padding="same"), lif(v_th=1.0), nn.Flatten(), nn.Linear(108, 5), lif()
    ),
    "flattened in part": lambda: SequentialState(
        nn.Conv2d(2, 3, 3), lif(), nn.Flatten(1, 2), nn.Flatten(1), nn.Linear(48, 5), lif()
    ),
}


@pytest.mark.parametrize("make", VECTORS.values(), ids=VECTORS)
def test_a_network_on_vectors_fires_as_in_norse(norse_net: Any, make: Net) -> None:
    norse_net.assert_fires(norse_net.seeded(make()), (6,))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("make", MAPS.values(), ids=MAPS)
def test_a_network_on_maps_fires_as_in_norse(norse_net: Any, make: Net) -> None:
    norse_net.assert_fires(norse_net.seeded(make()), (2, 6, 6))


def test_a_module_used_twice_is_two_nodes(norse_net: Any) -> None:
    graph = from_norse(norse_net.seeded(twice()), (6,))
    assert list(graph.nodes) == ["input", "0", "1", "2", "3", "output"]
    np.testing.assert_array_equal(graph.nodes["0"].weight, graph.nodes["2"].weight)


def test_lift_is_what_it_lifts(norse_net: Any) -> None:
    """Norse runs a lifted module over the whole time at once."""
    modules = nn.Conv2d(2, 3, 3), lif(), nn.Conv2d(3, 2, 2), lif()
    net = norse_net.seeded(nn.Sequential(*(Lift(module) for module in modules)))
    graph = norse_net.assert_fires(net, (2, 6, 6), over_time=True)
    assert list(graph.nodes) == ["input", "0", "1", "2", "3", "output"]


def test_maps_of_one_axis(norse_net: Any) -> None:
    net = SequentialState(
        nn.Conv1d(2, 4, 3, groups=2, stride=2, padding=1),
        nn.BatchNorm1d(4),
        lif(),
        nn.BatchNorm1d(4),
        nn.Conv1d(4, 3, 2, dilation=2, padding="same"),
        lif(),
    )
    graph = norse_net.assert_fires(norse_net.seeded(net), (2, 9))
    assert isinstance(graph.nodes["0"], nir.Conv1d)


def test_dropout_and_identity_leave_no_node(norse_net: Any) -> None:
    net = SequentialState(
        nn.Linear(6, 8), nn.Identity(), lif(), nn.Dropout(0.5), nn.Linear(8, 5), lif()
    )
    graph = norse_net.assert_fires(norse_net.seeded(net), (6,))
    assert list(graph.nodes) == ["input", "0", "2", "4", "5", "output"]


def test_nodes_are_called_as_the_modules_are(norse_net: Any) -> None:
    block = nn.Sequential(OrderedDict(conv=nn.Conv2d(2, 3, 3), norm=nn.BatchNorm2d(3)))
    net = norse_net.seeded(SequentialState(block, lif(), nn.Flatten(), nn.Linear(48, 2), lif()))
    graph = from_norse(net, (2, 6, 6))
    assert list(graph.nodes) == ["input", "0.conv", "1", "2", "3", "4", "output"]
    chain = list(graph.nodes)
    assert sorted(graph.edges) == sorted(pairwise(chain))
    assert graph.nodes["output"].output_type["output"].tolist() == [2]
    alone = from_norse(lif(), (3,))
    assert list(alone.nodes) == ["input", "lifboxcell", "output"]


def test_neuron_parameters_are_those_of_norse(norse_net: Any) -> None:
    """Norse's own export writes τ = dt/tau_mem_inv."""
    cell = lif(tau_mem_inv=250.0, v_th=0.75, v_leak=0.125, v_reset=-0.5)
    net = SequentialState(cell, nn.Linear(3, 2), li(tau_mem_inv=125.0, v_leak=0.25))
    graph = from_norse(norse_net.seeded(net), (3,))
    neuron, readout = graph.nodes["0"], graph.nodes["2"]
    assert isinstance(neuron, nir.LIF)
    assert isinstance(readout, nir.LI)
    np.testing.assert_allclose(neuron.tau, [4e-3] * 3, rtol=1e-6)
    np.testing.assert_allclose(readout.tau, [8e-3] * 2, rtol=1e-6)
    for node, field, value in (
        (neuron, "r", 1),
        (neuron, "v_threshold", 0.75),
        (neuron, "v_leak", 0.125),
        (neuron, "v_reset", -0.5),
        (readout, "r", 1),
        (readout, "v_leak", 0.25),
    ):
        np.testing.assert_array_equal(getattr(node, field), np.full(node.tau.shape, value))


def test_weights_keep_every_bit(norse_net: Any) -> None:
    linear, conv, up = nn.Linear(48, 4), nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(1, 2, 3)
    net = norse_net.seeded(SequentialState(up, lif(), conv, lif(), nn.Flatten(), linear, lif()))
    graph = from_norse(net, (1, 4, 4))
    assert isinstance(graph.nodes["0"], NirConvTranspose2d)
    for name, layer in (("0", up), ("2", conv), ("5", linear)):
        node = graph.nodes[name]
        assert node.weight.dtype == np.float32
        np.testing.assert_array_equal(node.weight, layer.weight.detach().numpy())
        np.testing.assert_array_equal(node.bias, layer.bias.detach().numpy())


def test_folding_leaves_the_module_alone(norse_net: Any) -> None:
    net = norse_net.seeded(SequentialState(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), lif()))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    graph = from_norse(net, (2, 6, 6))
    assert (graph.nodes["0"].weight != before["0.weight"].numpy()).any()
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_conventions_go_into_the_metadata(norse_net: Any) -> None:
    cell = lif(dt=2e-3, reset_method=reset_subtract)
    net = norse_net.seeded(SequentialState(nn.Linear(3, 2), cell))
    own = from_norse(net, (3,), steps=7, analog=True).metadata["snnvae"]
    assert own["dt"] == 2e-3
    assert (own["steps"], own["reset"], own["initial"]) == (7, "subtract", "v_leak")
    assert own["inputs"] == {"input": {"analog": True}}
    plain = from_norse(SequentialState(nn.Linear(3, 2), li()), (3,)).metadata["snnvae"]
    assert (plain["steps"], plain["reset"]) == (16, "zero")
    assert "inputs" not in plain


class OwnLIF(LIFBoxCell):
    """A class of the user's: nobody knows what it computes."""


def reset_softly(z: Any, v: Any, reset: Any, th: Any) -> Any:
    return v - 0.5 * z


UNKNOWN = "has no exact form in NIR here; known are"
REFUSED: dict[str, tuple[Net, str]] = {
    "an activation": (
        lambda: SequentialState(nn.Linear(6, 6), nn.Sequential(nn.ReLU()), lif()),
        r"module '1\.0' \(ReLU\): relu has no exact form in NIR here but of spikes",
    ),
    "a norm after an unknown layer": (
        lambda: SequentialState(nn.Softmax(1), nn.BatchNorm1d(6), lif()),
        rf"module '0' \(Softmax\): softmax {UNKNOWN}",
    ),
    "a class of the user's": (
        lambda: SequentialState(nn.Linear(6, 6), OwnLIF()),
        rf"module '1' \(OwnLIF\): {UNKNOWN} LIFBoxCell",
    ),
    "no neurons": (lambda: SequentialState(nn.Linear(6, 6)), "has no Norse neurons"),
    "nothing": (SequentialState, "has no Norse neurons"),
    "two time steps": (
        lambda: SequentialState(lif(dt=1e-3), nn.Linear(6, 6), lif(dt=2e-3)),
        "the cells differ in their dt: 0.001 in '0', 0.002 in '2'; make them equal",
    ),
    "two resets": (
        lambda: SequentialState(lif(), nn.Linear(6, 6), lif(reset_method=reset_subtract)),
        "the cells differ in their reset method",
    ),
    "another reset": (
        lambda: SequentialState(lif(reset_method=reset_softly)),
        "reset method 'reset_softly' has no form in NIR",
    ),
    "a norm without statistics": (
        lambda: SequentialState(
            nn.Linear(6, 6), nn.BatchNorm1d(6, track_running_stats=False), lif()
        ),
        r"module '1' \(BatchNorm1d\): BatchNorm keeps no statistics",
    ),
    "a flattened batch": (
        lambda: SequentialState(nn.Flatten(0), lif()),
        r"module '0' \(Flatten\): a reshape mixes batch",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_exact_form_is_refused_by_name(make: Net, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as error:
        from_norse(make(), (6,))
    assert "\n" not in str(error.value)


def test_a_convolution_that_mirrors_its_edges_is_refused() -> None:
    mirrored = nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect")
    with pytest.raises(UnsupportedError, match="pads with 'reflect'"):
        from_norse(SequentialState(mirrored, lif()), (2, 6, 6))


def test_a_forward_that_ends_the_program_is_refused() -> None:
    class Ends(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise SystemExit(0)

    with pytest.raises(GraphError, match="SystemExit: 0"):
        from_norse(SequentialState(Ends(), lif()), (6,))


def test_shapes_that_do_not_meet_are_refused() -> None:
    with pytest.raises(GraphError, match=r"'0' \(Linear\) does not fit its input \(6,\)"):
        from_norse(SequentialState(nn.Linear(5, 3), lif()), (6,))
    with pytest.raises(GraphError, match=r"'0' \(ConvTranspose2d\) does not fit its input \(6,\)"):
        from_norse(SequentialState(nn.ConvTranspose2d(2, 3, 3), lif()), (6,))
    with pytest.raises(
        GraphError, match=r"module '0' \(Conv2d\) does not fit its input \(2, 6, 6\)"
    ):
        from_norse(SequentialState(nn.Conv2d(2, 3, 9), lif()), (2, 6, 6))
