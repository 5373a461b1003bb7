"""What Norse 1.1.0's own exporter writes, and how to read it. Ours: tests/export/norse.

It writes τ = dt/tau_inv, which is dt times too small, so its file is right for steps of dt².
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from frameworks import Outputs, assert_same_spikes, fill, in_float64, input_spikes, ours, written
from torch import nn

from snnvae.export import from_norse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import norse.torch as norse
    from norse.torch.utils.export_nir import to_nir

pytestmark = pytest.mark.filterwarnings("ignore")
DT_OF_ITS_FILES = 1e-3**2


def per_neuron(*shape: int) -> dict[str, torch.Tensor]:
    """dt/τ of 1/4 or 1/2, threshold 1/2."""
    tau_inv = torch.tensor([250.0, 500.0])[torch.arange(int(np.prod(shape))) % 2].reshape(shape)
    zero = torch.zeros(shape)
    given = {"tau_mem_inv": tau_inv, "v_th": zero + 0.5, "v_leak": zero, "v_reset": zero}
    return {name: value.double() for name, value in given.items()}


def lif_box(*shape: int) -> nn.Module:
    return norse.LIFBoxCell(norse.LIFBoxParameters(**per_neuron(*shape)))


def lif(*shape: int) -> nn.Module:
    own = per_neuron(*shape)
    return norse.LIFCell(norse.LIFParameters(tau_syn_inv=own["tau_mem_inv"].flip(0), **own))


def forward(net: nn.Module, spikes: np.ndarray) -> Outputs:
    """Step by step in float64; without a batch axis, which the exporter would keep."""
    outputs, state = Outputs(net), None
    with torch.no_grad():
        for row in spikes:
            _, state = net(torch.as_tensor(row, dtype=torch.float64), state)
    return outputs


def exported(net: nn.Module, *shape: int) -> nir.NIRGraph:
    graph = to_nir(net, torch.zeros(shape, dtype=torch.float64))
    graph.infer_types()  # nir cannot write a convolution that does not know its input
    return graph


def compare(net: nn.Module, spikes: np.ndarray, folder: Path, shapes: dict[int, Any]) -> None:
    fill(net)
    in_float64(net)
    graph = written(exported(net, *spikes.shape[1:]), folder)
    recording = ours(graph, spikes, "norse", dt=DT_OF_ITS_FILES)
    outputs = forward(net, spikes)
    assert_same_spikes(recording, {str(i): outputs.of(i, *s) for i, s in shapes.items()})


def test_lif_box_and_integrate_and_fire(tmp_path: Path) -> None:
    iaf = norse.IAFCell(norse.IAFParameters(v_th=torch.ones(4), v_reset=torch.zeros(4)))
    net = norse.SequentialState(nn.Linear(6, 5), lif_box(5), nn.Linear(5, 4), iaf)
    compare(net, input_spikes(6), tmp_path, {1: (5,), 3: (4,)})


def test_a_leaky_readout(tmp_path: Path) -> None:
    own = per_neuron(5)
    readout = norse.LIBoxCell(norse.LIBoxParameters(own["tau_mem_inv"], own["v_leak"] + 0.25))
    net = norse.SequentialState(nn.Linear(6, 5), readout)
    fill(net)
    in_float64(net)
    graph = written(exported(net, 6), tmp_path)
    recording = ours(graph, input_spikes(6), "norse", dt=DT_OF_ITS_FILES)
    expected = forward(net, input_spikes(6)).of(1, 5)
    assert np.abs(recording.membranes["1"][0] - expected).max() < 1e-12


def test_convolution(tmp_path: Path) -> None:
    net = norse.SequentialState(nn.Conv2d(2, 3, 3), lif_box(3, 4, 4))
    compare(net, input_spikes(2, 6, 6), tmp_path, {1: (3, 4, 4)})


def test_its_synaptic_currents_lack_a_gain_of_tau_over_dt(tmp_path: Path) -> None:
    """w_in is 1 in its file, and would have to be τ_syn/dt."""
    net = norse.SequentialState(nn.Linear(6, 5), lif(5))
    with pytest.raises(AssertionError, match="spikes differ"):
        compare(net, input_spikes(6), tmp_path, {1: (5,)})
    graph = exported(net, 6)
    graph.nodes["1"].w_in = graph.nodes["1"].tau_syn / DT_OF_ITS_FILES
    recording = ours(written(graph, tmp_path), input_spikes(6), "norse", dt=DT_OF_ITS_FILES)
    assert_same_spikes(recording, {"1": forward(net, input_spikes(6)).of(1, 5)})


def test_its_default_parameters_cannot_be_written(tmp_path: Path) -> None:
    """One scalar for a layer, and the batch axis in the input's shape."""
    graph = to_nir(norse.SequentialState(nn.Linear(6, 5), norse.LIFBoxCell()), torch.zeros(1, 6))
    with pytest.raises(TypeError, match="Scalar datasets"):
        nir.write(str(tmp_path / "x.nir"), graph)
    assert graph.nodes["input"].input_type["input"].tolist() == [1, 6]


def test_our_exporter_writes_what_norse_computes(tmp_path: Path) -> None:
    """The file says its conventions itself, and they are the preset's."""
    net = norse.SequentialState(nn.Linear(6, 5), lif(5), nn.Linear(5, 4), lif_box(4))
    fill(net, scale=0.5)
    net.double()
    graph = written(from_norse(net, (6,)), tmp_path)
    outputs = forward(in_float64(net), input_spikes(6))
    theirs = {"1": outputs.of(1, 5), "3": outputs.of(3, 4)}
    assert_same_spikes(ours(graph, input_spikes(6), "norse"), theirs)
    del graph.metadata["snnvae"]
    assert_same_spikes(ours(graph, input_spikes(6), "norse"), theirs)
