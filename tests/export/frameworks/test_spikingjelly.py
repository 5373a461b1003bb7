"""Files that SpikingJelly writes give SpikingJelly's spikes under `--conventions spikingjelly`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from frameworks import Outputs, assert_same_spikes, fill, input_spikes, library, ours, written
from torch import nn

neuron, layer, functional = (
    library(f"spikingjelly.activation_based.{name}") for name in ("neuron", "layer", "functional")
)
export_to_nir = library("spikingjelly.activation_based.nir_exchange").export_to_nir
pytestmark = pytest.mark.filterwarnings("ignore")


def compare(
    net: nn.Sequential,
    spikes: np.ndarray,
    layers: tuple[int, ...],
    folder: Path,
    **dt: float,
) -> None:
    """Their forward pass in float64 beside our run of their file; `_1` is what they call net[1]."""
    net.double()
    multi = net[0].step_mode == "m"
    stream = torch.as_tensor(spikes, dtype=torch.float64)[:, None]  # (T, B, …)
    graph = export_to_nir(net, stream if multi else stream[0], **dt)
    recording = ours(written(graph, folder), spikes, "spikingjelly", **dt)
    functional.reset_net(net)
    outputs = Outputs(net)
    with torch.no_grad():
        for row in [stream] if multi else stream:
            net(row)
    theirs = {f"_{i}": outputs.of(i, *recording.spikes[f"_{i}"].shape[2:]) for i in layers}
    assert_same_spikes(recording, theirs)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decay_input", [True, False])
def test_dense_weights(seed: int, decay_input: bool, tmp_path: Path) -> None:
    """Sixteenths as weights: membranes that reach their threshold exactly fire."""
    net = nn.Sequential(
        layer.Linear(6, 5),
        neuron.LIFNode(tau=2.0, decay_input=decay_input, v_threshold=0.5),
        layer.Linear(5, 4, bias=False),
        neuron.IFNode(),
    )
    fill(net, seed)
    compare(net, input_spikes(6, seed=seed), (1, 3), tmp_path)


@pytest.mark.parametrize("v_reset", [0.0, -0.25])
def test_convolution_pool_and_flatten(v_reset: float, tmp_path: Path) -> None:
    net = nn.Sequential(
        layer.Conv2d(2, 3, 3, padding="same"),
        neuron.LIFNode(tau=4.0, v_reset=v_reset),
        layer.AvgPool2d(2),
        layer.Flatten(),
        layer.Linear(27, 4),
        neuron.IFNode(v_threshold=1.5, v_reset=v_reset),
    )
    fill(net)
    compare(net, input_spikes(2, 6, 6), (1, 5), tmp_path)


def test_convolution_in_one_dimension(tmp_path: Path) -> None:
    net = nn.Sequential(layer.Conv1d(2, 3, 3, padding=1, stride=2), neuron.IFNode())
    fill(net)
    compare(net, input_spikes(2, 7), (1,), tmp_path)


@pytest.mark.parametrize("v_reset", [0.0, -0.25])
def test_synaptic_currents(v_reset: float, tmp_path: Path) -> None:
    net = nn.Sequential(
        layer.Linear(6, 5), neuron.CUBALIFNode(0.5, 0.75, v_threshold=1.0, v_reset=v_reset)
    )
    fill(net, 1, scale=0.25)
    compare(net, input_spikes(6), (1,), tmp_path)


def test_all_steps_at_once(tmp_path: Path) -> None:
    net = nn.Sequential(
        layer.Linear(6, 5),
        neuron.LIFNode(tau=4.0, v_threshold=0.5),
        layer.Linear(5, 4),
        neuron.ParametricLIFNode(init_tau=2.0, v_threshold=0.25),
    )
    fill(net)
    functional.set_step_mode(net, "m")
    compare(net, input_spikes(6), (1, 3), tmp_path)


def test_another_dt_must_be_given_on_both_sides(tmp_path: Path) -> None:
    net = nn.Sequential(
        layer.Linear(6, 5), neuron.LIFNode(v_threshold=0.5), layer.Linear(5, 4), neuron.IFNode()
    )
    fill(net)
    compare(net, input_spikes(6), (1, 3), tmp_path, dt=1e-3 / 3)


def test_the_exporter_itself_refuses_a_reset_by_subtraction_and_recurrence() -> None:
    soft = nn.Sequential(layer.Linear(6, 5), neuron.IFNode(v_reset=None))
    with pytest.raises(NotImplementedError, match="soft reset"):
        export_to_nir(soft, torch.zeros(1, 6))
    around = layer.LinearRecurrentContainer(neuron.IFNode(), 5, 5)
    with pytest.raises(torch.fx.proxy.TraceError):
        export_to_nir(nn.Sequential(layer.Linear(6, 5), around), torch.zeros(1, 6))
