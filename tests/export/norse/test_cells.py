"""Each of Norse's cells as a NIR node: NIR's equations give Norse's spikes and membranes."""

from __future__ import annotations

import warnings
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

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse
    from norse.torch.functional.reset import reset_subtract

DT = 1e-3
Net = Callable[[], nn.Module]
Parameters = dict[str, Any]


def tensors(parameters: Parameters) -> Parameters:
    return {name: torch.as_tensor(value) for name, value in parameters.items()}


def lif(**parameters: Any) -> norse.LIFParameters:
    return norse.LIFParameters(**tensors({"v_th": 0.3, **parameters}))


def iaf(**parameters: Any) -> norse.IAFParameters:
    return norse.IAFParameters(**tensors({"v_th": 1.5, **parameters}))


PER_NEURON: Parameters = {
    "tau_syn_inv": [100.0, 300.0, 500.0, 1000.0],
    "tau_mem_inv": [900.0, 300.0, 500.0, 100.0],
    "v_leak": [0.0, 0.1, -0.1, 0.2],
}
SPIKING_PER_NEURON: Parameters = {
    **PER_NEURON,
    "v_th": [0.2, 0.3, 0.4, 0.5],
    "v_reset": [0.0, -0.1, 0.1, -0.3],
}
STEPWISE: dict[str, Net] = {
    "LIFCell": lambda: norse.LIFCell(lif()),
    "LIFCell, slow current": lambda: norse.LIFCell(lif(tau_syn_inv=30.0, v_th=0.8)),
    "LIFCell, current of one step": lambda: norse.LIFCell(lif(tau_syn_inv=1000.0, v_th=0.1)),
    "LIFCell, v_leak and v_reset": lambda: norse.LIFCell(lif(v_leak=-0.2, v_reset=0.1)),
    "LIFCell, another dt": lambda: norse.LIFCell(lif(v_th=0.2), dt=5e-4),
    "LIFCell per neuron": lambda: norse.LIFCell(lif(**SPIKING_PER_NEURON)),
    "LICell": lambda: norse.LICell(norse.LIParameters(**tensors({"v_leak": 0.3}))),
    "LICell per neuron": lambda: norse.LICell(norse.LIParameters(**tensors(PER_NEURON))),
    "IAFCell": lambda: norse.IAFCell(iaf()),
    "IAFCell, v_reset": lambda: norse.IAFCell(iaf(v_reset=-0.4)),
    "IAFCell per neuron": lambda: norse.IAFCell(
        iaf(v_th=[0.9, 1.0, 1.5, 2.0], v_reset=[0.0, -0.1, 0.1, 0.2])
    ),
}
OVER_TIME: dict[str, Net] = {
    "LIF": lambda: norse.LIF(lif()),
    "LIF, v_leak": lambda: norse.LIF(lif(v_leak=-0.25, v_reset=0.125)),
    "LI": lambda: norse.LI(norse.LIParameters(**tensors({"v_leak": 0.25}))),
    "IAF": lambda: norse.IAF(iaf()),
    "LIFRecurrent": lambda: norse.LIFRecurrent(4, 5, lif(v_leak=0.25, v_th=0.5)),
}


@pytest.mark.parametrize("make", STEPWISE.values(), ids=STEPWISE)
def test_a_cell_does_as_in_norse(norse_net: Any, make: Net) -> None:
    net = norse.SequentialState(nn.Linear(6, 4), make())
    norse_net.assert_fires(norse_net.seeded(net), (6,))


@pytest.mark.parametrize("make", OVER_TIME.values(), ids=OVER_TIME)
def test_a_layer_over_time_does_as_in_norse(norse_net: Any, make: Net) -> None:
    net = norse.SequentialState(nn.Linear(6, 4), make(), norse.LIF(lif(v_th=0.4)))
    norse_net.assert_fires(norse_net.seeded(net), (6,), over_time=True)


@pytest.mark.parametrize("autapses", [False, True])
def test_a_recurrent_cell_does_as_in_norse(norse_net: Any, autapses: bool) -> None:
    cell = norse.LIFRecurrentCell(6, 5, lif(v_leak=0.1, v_reset=-0.1), autapses=autapses)
    graph = norse_net.assert_fires(norse_net.seeded(norse.SequentialState(cell)), (6,))
    loop = ["0", "0.delay", "0.recurrent_weights", "0"]
    assert set(pairwise(loop)) < set(graph.edges)
    assert graph.nodes["0.delay"].delay.tolist() == [DT] * 5
    assert np.diag(graph.nodes["0.recurrent_weights"].weight).any() == autapses
    assert not graph.nodes["0.recurrent_weights"].bias.any()


def test_a_cell_with_weights_does_as_in_norse(norse_net: Any) -> None:
    net = norse.SequentialState(norse.LIFCell(lif()), norse.LILinearCell(6, 3))
    graph = norse_net.assert_fires(norse_net.seeded(net), (6,))
    assert list(graph.nodes) == ["input", "0", "1.input_weights", "1", "output"]


def test_a_cell_takes_maps_with_parameters_per_channel(norse_net: Any) -> None:
    cell = norse.LIFCell(lif(v_th=torch.tensor([0.2, 0.3, 0.4])[:, None, None]))
    net = norse.SequentialState(nn.Conv2d(2, 3, 3), cell)
    graph = norse_net.assert_fires(norse_net.seeded(net), (2, 6, 6))
    assert graph.nodes["1"].v_threshold[:, 0, 0] == pytest.approx([0.2, 0.3, 0.4])


def test_currents_may_come_in(norse_net: Any) -> None:
    net = norse.SequentialState(norse.LIFCell(lif(v_th=0.1)), nn.Linear(6, 3), norse.LICell())
    graph = norse_net.assert_fires(norse_net.seeded(net), (6,), analog=True)
    assert graph.metadata["snnvae"]["inputs"] == {"input": {"analog": True}}


def test_the_parameters_are_those_of_nir() -> None:
    cell = norse.LIFCell(lif(tau_syn_inv=250.0, tau_mem_inv=125.0, v_leak=0.25, v_reset=-0.5))
    node = from_norse(norse.SequentialState(nn.Linear(3, 2), cell), (3,)).nodes["1"]
    assert isinstance(node, nir.CubaLIF)
    expected = {"tau_syn": 4e-3, "tau_mem": 8e-3, "r": 1, "w_in": 4, "v_leak": 0.25}
    for field, value in {**expected, "v_threshold": 0.3, "v_reset": -0.5}.items():
        np.testing.assert_allclose(getattr(node, field), [value] * 2, rtol=1e-6, err_msg=field)


def test_the_conventions_are_those_of_norse() -> None:
    net = norse.SequentialState(nn.Linear(3, 2), norse.IAFCell(iaf(), dt=2e-3))
    assert from_norse(net, (3,), steps=7).metadata["snnvae"] == {
        "version": 1,
        "dt": 2e-3,
        "steps": 7,
        "initial": "v_leak",
        "reset": "zero",
        "integrator": "euler",
        "if_gain": "one",
        "spike": "above",
        "loop_bias": "at-once",
    }


def test_a_neuron_without_a_leak_has_any_dt() -> None:
    """Norse's IAF adds its input whatever dt."""
    cells = norse.IAFCell(iaf(), dt=5e-3), norse.LIFCell(lif(), dt=5e-4)
    net = norse.SequentialState(cells[0], nn.Linear(3, 2), cells[1])
    assert from_norse(net, (3,)).metadata["snnvae"]["dt"] == 5e-4


def test_resets_that_differ_are_refused() -> None:
    box = norse.LIFBoxCell(norse.LIFBoxParameters(reset_method=reset_subtract))
    net = norse.SequentialState(norse.LIFCell(), nn.Linear(3, 2), box)
    with pytest.raises(
        UnsupportedError, match="in their reset method: subtract in '2', zero in '0'"
    ):
        from_norse(net, (3,))


REFUSED: dict[str, tuple[Net, str]] = {
    "adaptation": (norse.LSNNCell, "LSNNCell.*NIR has no threshold that adapts"),
    "a refractory period": (norse.LIFRefracCell, "NIR has no refractory period"),
    "two exponents": (lambda: norse.LIFAdExCell(), "LIFAdExCell.*known are LIFBoxCell"),
    "an encoder": (lambda: norse.PoissonEncoder(4), "export the network behind the encoder"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_other_neurons_are_refused_with_the_reason(make: Net, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        from_norse(norse.SequentialState(nn.Linear(6, 4), make()), (6,))


def test_parameters_of_another_size_are_refused() -> None:
    cell = norse.LIFCell(lif(v_th=[0.1, 0.2, 0.3]))
    with pytest.raises(GraphError, match=r"module '1' \(LIFCell\) does not fit its input \(4,\)"):
        from_norse(norse.SequentialState(nn.Linear(6, 4), cell), (6,))
