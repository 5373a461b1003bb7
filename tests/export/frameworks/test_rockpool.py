"""Nodes that Rockpool's exporter makes give Rockpool's spikes under `--conventions rockpool`.

Its exporter asks for nir up to 1.0.4 (a newer one refuses the batch axis of its Input), so the
graph is put together here from what it makes of each module.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from frameworks import assert_same_spikes, input_spikes, library, ours, written

rockpool = library("rockpool.nn.modules")
exporter = library("rockpool.nn.modules.torch.nir")
Sequential = library("rockpool.nn.combinators").Sequential
pytestmark = pytest.mark.filterwarnings("ignore")

TIMES = {"tau_mem": 5e-3, "tau_syn": 3e-3}
INPUTS, HIDDEN, LAST = 6, 5, 4


def dense(inputs: int, outputs: int, seed: int, most: float = 0.07) -> Any:
    """Weights that lead no membrane past twice its threshold, where two spikes come in a step."""
    layer = rockpool.LinearTorch((inputs, outputs), has_bias=False)
    drawn = np.random.default_rng(seed).uniform(0, most, (inputs, outputs))
    layer.weight.data = torch.as_tensor(drawn, dtype=torch.float32)
    return layer


def graph_of(net: Any) -> nir.NIRGraph:
    """What the exporter makes of each module, one after another; its arrays may be tensors."""
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array([1, INPUTS])})}
    for name, module in net.modules().items():
        node = exporter._extract_rockpool_module(module)
        for field, value in vars(node).items():
            if hasattr(value, "detach"):  # nir writes neither tensors nor scalars
                vars(node)[field] = np.atleast_1d(value.detach().numpy())
        nodes[name] = node
    nodes["output"] = nir.Output({"output": np.array([1, 1, LAST])})
    return nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False)


def both(net: Any, folder: Path, seed: int, **options: Any) -> tuple[Any, dict[str, np.ndarray]]:
    spikes = input_spikes(INPUTS, seed=seed)
    recording = ours(written(graph_of(net), folder), spikes, "rockpool", **options)
    with torch.no_grad():
        record = net(torch.as_tensor(spikes[None], dtype=torch.float32), record=True)[2]
    given = {name: record[f"{name}_output"][0].numpy() for name in net.modules()}
    return recording, given


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["LIFNeuronTorch", "LIFTorch"])
def test_spiking_layers(kind: str, seed: int, tmp_path: Path) -> None:
    times = TIMES if kind == "LIFTorch" else {"tau_mem": TIMES["tau_mem"]}
    most = (0.07, 0.3) if kind == "LIFTorch" else (0.25, 0.4)

    def neuron(size: int) -> Any:
        return getattr(rockpool, kind)(size, dt=1e-3, threshold=1.0, **times)

    first, last = dense(INPUTS, HIDDEN, seed, most[0]), dense(HIDDEN, LAST, seed + 9, most[1])
    net = Sequential(first, neuron(HIDDEN), last, neuron(LAST))
    recording, given = both(net, tmp_path, seed)
    names = [name for name in given if kind in name]
    assert_same_spikes(recording, {name: given[name] for name in names})


def test_a_synapse_as_readout(tmp_path: Path) -> None:
    net = Sequential(
        dense(INPUTS, HIDDEN, 0),
        rockpool.LIFTorch(HIDDEN, dt=1e-3, threshold=1.0, **TIMES),
        dense(HIDDEN, LAST, 1),
        rockpool.ExpSynTorch(LAST, dt=1e-3, tau=4e-3),
    )
    recording, given = both(net, tmp_path, 0)
    last = list(net.modules())[-1]
    found = recording.membranes[last][0]
    # Theirs is float32; 60 steps of sums of 5 spikes.
    np.testing.assert_allclose(found, given[last], rtol=0, atol=1e-5)
    assert np.abs(found).max() > 0.1


def test_without_its_conventions_spikes_differ(tmp_path: Path) -> None:
    """Its r is e^(−dt/τ)·τ/dt for all, while the membrane of a LIFTorch takes its whole current."""
    net = Sequential(
        dense(INPUTS, HIDDEN, 0), rockpool.LIFTorch(HIDDEN, dt=1e-3, threshold=1.0, **TIMES),
        dense(HIDDEN, LAST, 1), rockpool.LIFTorch(LAST, dt=1e-3, threshold=1.0, **TIMES),
    )  # fmt: skip
    recording, given = both(net, tmp_path, 0, gain="stated")
    name = list(net.modules())[1]
    assert (recording.spikes[name][0] != given[name].astype(bool)).any()
