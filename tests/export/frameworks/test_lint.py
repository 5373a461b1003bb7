"""Each tool is told by what its own exporter writes."""

from __future__ import annotations

import importlib

import nir
import pytest
import torch
from frameworks import library

from snnvae.linter.run import lint

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # theirs


def snntorch() -> nir.NIRGraph:
    snn = library("snntorch")
    export = importlib.import_module("snntorch.export_nir").export_to_nir
    neuron = snn.Leaky(beta=torch.full((6,), 0.9), threshold=torch.ones(6), init_hidden=True)
    net = torch.nn.Sequential(torch.nn.Linear(8, 6), neuron)
    return export(net, torch.zeros(1, 8), ignore_dims=[0])


def spikingjelly() -> nir.NIRGraph:
    library("spikingjelly")
    base = "spikingjelly.activation_based"
    layer, neuron, exchange = (
        importlib.import_module(f"{base}.{name}") for name in ("layer", "neuron", "nir_exchange")
    )
    net = torch.nn.Sequential(layer.Linear(8, 6), neuron.IFNode())
    return exchange.export_to_nir(net, torch.zeros(1, 8))


def sinabs() -> nir.NIRGraph:
    library("sinabs")
    layers = importlib.import_module("sinabs.layers")
    export = importlib.import_module("sinabs.nir").to_nir
    tau, threshold = torch.full((6,), 20.0), torch.ones(6) / 4
    neuron = layers.LIFSqueeze(tau_mem=tau, spike_threshold=threshold, batch_size=1)
    net = torch.nn.Sequential(torch.nn.Linear(8, 6), neuron)
    net(torch.zeros(7, 8))
    return export(net, torch.zeros(7, 8))


@pytest.mark.parametrize("made", [snntorch, spikingjelly, sinabs])
def test_a_tool_is_told_by_its_files(made: object) -> None:
    (finding,) = lint(made(), only=("looks-like",)).found  # type: ignore[operator]
    assert finding.remedy == f"pass `conventions` {made.__name__}"  # type: ignore[attr-defined]
