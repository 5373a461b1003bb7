"""Files that snnTorch writes give snnTorch's spikes under `--conventions snntorch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from frameworks import (
    Outputs,
    assert_same_spikes,
    fill,
    in_float64,
    input_spikes,
    library,
    ours,
    written,
)
from torch import nn

from snnvae.errors import GraphError

snn = library("snntorch")
export_to_nir = library("snntorch.export_nir").export_to_nir
pytestmark = pytest.mark.filterwarnings("ignore")


def per_neuron(*shape: int) -> torch.Tensor:
    """Decays of 1/2, 3/4 and 7/8."""
    values = torch.tensor([0.5, 0.75, 0.875])
    return values[torch.arange(int(np.prod(shape))) % 3].reshape(shape)


def leaky(*shape: int, **more: Any) -> nn.Module:
    return snn.Leaky(per_neuron(*shape), torch.ones(shape), init_hidden=True, **more)


def compare(
    net: nn.Sequential, spikes: np.ndarray, layers: dict[int, str], folder: Path, **options: Any
) -> None:
    """Their forward pass, step by step, beside our run of their file. layers: index → NIR name."""
    shape = spikes.shape[1:]
    graph = export_to_nir(net, torch.zeros(1, *shape, dtype=net[0].weight.dtype), ignore_dims=[0])
    recording = ours(written(graph, folder), spikes, "snntorch", **options)
    for module in net.modules():
        if hasattr(module, "reset_mem"):
            module.reset_mem()
    outputs = Outputs(net)
    with torch.no_grad():
        for row in spikes:
            net(torch.as_tensor(row[None], dtype=net[0].weight.dtype))
    theirs = {name: outputs.of(i, *recording.spikes[name].shape[2:]) for i, name in layers.items()}
    assert_same_spikes(recording, theirs)


@pytest.mark.parametrize("seed", range(5))
def test_leaky_with_dense_weights(seed: int, tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(6, 5), leaky(5), nn.Linear(5, 4, bias=False), leaky(4))
    fill(net, seed)
    compare(in_float64(net), input_spikes(6, seed=seed), {1: "1", 3: "3"}, tmp_path)


@pytest.mark.parametrize("bias", [True, False])
def test_leaky_with_convolution_pool_and_flatten(bias: bool, tmp_path: Path) -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=bias),
        leaky(3, 6, 6),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 4),
        leaky(4),
    )
    fill(net, scale=0.5)
    compare(in_float64(net), input_spikes(2, 6, 6), {1: "1", 5: "5"}, tmp_path)


def test_grouped_and_strided_convolutions(tmp_path: Path) -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same", groups=2),
        leaky(4, 7, 7),
        nn.Conv2d(4, 3, 3, stride=2),
        leaky(3, 3, 3),
        nn.AvgPool2d(2, stride=1),
        nn.Flatten(),
        nn.Linear(12, 4),
        leaky(4),
    )
    fill(net, scale=0.5)
    compare(in_float64(net), input_spikes(2, 7, 7), {1: "1", 3: "3", 7: "7"}, tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_recurrent_leaky_whose_bias_is_there_from_the_first_step(seed: int, tmp_path: Path) -> None:
    recurrent = snn.RLeaky(per_neuron(5), linear_features=5, init_hidden=True)
    net = nn.Sequential(nn.Linear(6, 5), recurrent, nn.Linear(5, 4), leaky(4))
    fill(net, seed, scale=0.5)
    compare(in_float64(net), input_spikes(6, seed=seed), {1: "1.lif", 3: "3"}, tmp_path)


def test_recurrent_leaky_one_to_one(tmp_path: Path) -> None:
    weights = torch.tensor([0.5, -0.25, 0.75, 0.0, -0.5])
    recurrent = snn.RLeaky(per_neuron(5), all_to_all=False, V=weights, init_hidden=True)
    net = nn.Sequential(nn.Linear(6, 5), recurrent, nn.Linear(5, 4), leaky(4))
    fill(net)
    compare(in_float64(net), input_spikes(6), {1: "1.lif", 3: "3"}, tmp_path)


@pytest.mark.parametrize("recurrent", [False, True])
def test_synaptic_currents(recurrent: bool, tmp_path: Path) -> None:
    decays = {"alpha": per_neuron(5).flip(0), "beta": per_neuron(5), "init_hidden": True}
    layer = (
        snn.RSynaptic(linear_features=5, **decays)
        if recurrent
        else snn.Synaptic(threshold=torch.ones(5), **decays)
    )
    net = nn.Sequential(nn.Linear(6, 5), layer, nn.Linear(5, 4), leaky(4))
    fill(net, 1, scale=0.25)
    name = "1.lif" if recurrent else "1"
    compare(in_float64(net), input_spikes(6), {1: name, 3: "3"}, tmp_path)


def test_a_reset_to_zero_must_be_asked_for(tmp_path: Path) -> None:
    """The exporter writes the same file; Leaky zeroes its membrane before the next decay."""
    net = nn.Sequential(nn.Linear(6, 5), leaky(5, reset_mechanism="zero"))
    fill(net)
    in_float64(net)
    compare(net, input_spikes(6), {1: "1"}, tmp_path, reset="zero")
    with pytest.raises(AssertionError, match="spikes differ"):
        compare(net, input_spikes(6), {1: "1"}, tmp_path)


def test_an_immediate_reset_must_be_asked_for(tmp_path: Path) -> None:
    """With inputs so small that no membrane reaches twice its threshold, or by its own rule."""
    net = nn.Sequential(nn.Linear(6, 5), leaky(5, reset_delay=False))
    fill(net, scale=0.25)
    in_float64(net)
    compare(net, input_spikes(6), {1: "1"}, tmp_path, reset="subtract")
    with pytest.raises(AssertionError, match="spikes differ"):
        compare(net, input_spikes(6), {1: "1"}, tmp_path)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["Leaky", "Synaptic"])
def test_an_immediate_reset_is_exact_for_membranes_of_any_size(
    tmp_path: Path, kind: str, seed: int
) -> None:
    """Beyond twice its threshold a membrane loses it in the next step too."""
    decays = (per_neuron(5),) if kind == "Leaky" else (per_neuron(5).flip(0), per_neuron(5))
    own = {"init_hidden": True, "reset_delay": False}
    net = nn.Sequential(nn.Linear(6, 5), getattr(snn, kind)(*decays, torch.ones(5), **own))
    fill(net, seed)
    in_float64(net)
    compare(net, input_spikes(6, seed=seed), {1: "1"}, tmp_path, reset="subtract-ahead")
    with pytest.raises(AssertionError, match="spikes differ"):
        compare(net, input_spikes(6, seed=seed), {1: "1"}, tmp_path, reset="subtract")


def test_float32_as_the_library_runs_by_default(tmp_path: Path) -> None:
    """Weights of any value: no membrane comes within float32's rounding of its threshold."""
    net = nn.Sequential(nn.Linear(6, 5), leaky(5), nn.Linear(5, 4), leaky(4))
    fill(net, dyadic=False)
    compare(net, input_spikes(6), {1: "1", 3: "3"}, tmp_path)


def test_the_exporter_itself_refuses_one_beta_for_a_whole_layer() -> None:
    net = nn.Sequential(nn.Linear(6, 5), snn.Leaky(0.5, init_hidden=True))
    with pytest.raises(ValueError, match="type mismatch"):
        export_to_nir(net, torch.zeros(1, 6), ignore_dims=[0])


def test_a_layer_that_never_forgets_is_refused(tmp_path: Path) -> None:
    """β = 1 becomes τ = ∞."""
    net = nn.Sequential(nn.Linear(6, 5), snn.Leaky(torch.ones(5), torch.ones(5), init_hidden=True))
    with pytest.raises(GraphError, match="1/r' holds values that are not finite"):
        ours(
            written(export_to_nir(net, torch.zeros(1, 6), ignore_dims=[0]), tmp_path),
            input_spikes(6),
            "snntorch",
        )
