"""Files that Sinabs writes give Sinabs's spikes under `--conventions sinabs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
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

from snnvae.recording import Recording

layers = library("sinabs.layers")
activation = library("sinabs.activation")
to_nir = library("sinabs.nir").to_nir
pytestmark = pytest.mark.filterwarnings("ignore")

TAU = torch.tensor([3.0, 5.0, 8.0, 20.0])
"""In steps, as Sinabs counts them."""


def iaf(**more: Any) -> nn.Module:
    return layers.IAFSqueeze(batch_size=1, spike_fn=activation.SingleSpike, **more)


def lif(tau: torch.Tensor = TAU, **more: Any) -> nn.Module:
    chosen = {"spike_fn": activation.SingleSpike, **more}
    return layers.LIFSqueeze(
        tau_mem=tau, spike_threshold=torch.ones(len(tau)) / 4, batch_size=1, **chosen
    )


def both(
    net: nn.Sequential, spikes: np.ndarray, folder: Path, **options: Any
) -> tuple[Recording, Outputs]:
    """Our run of their file, and their forward pass over all steps at once."""
    in_float64(net)
    stream = torch.as_tensor(spikes, dtype=torch.float64)
    net(stream)  # gives the layers their shapes
    graph = to_nir(net, stream)
    graph.infer_types()  # nir cannot write a convolution that does not know its input
    recording = ours(written(graph, folder), spikes, "sinabs", **options)
    for module in net.modules():
        if hasattr(module, "reset_states"):
            module.reset_states()
    outputs = Outputs(net)
    with torch.no_grad():
        net(stream)
    return recording, outputs


@pytest.mark.parametrize("seed", range(5))
def test_integrate_and_fire_with_dense_weights(seed: int, tmp_path: Path) -> None:
    """Sixteenths as weights: membranes that reach their threshold exactly fire."""
    net = nn.Sequential(nn.Linear(6, 5), iaf(), nn.Linear(5, 4, bias=False), iaf())
    fill(net, seed, scale=0.5)
    recording, theirs = both(net, input_spikes(6, seed=seed), tmp_path)
    assert_same_spikes(recording, {"1": theirs.of(1, 5), "3": theirs.of(3, 4)})


@pytest.mark.parametrize("seed", range(5))
def test_leaky_neurons_with_a_normed_input(seed: int, tmp_path: Path) -> None:
    """norm_input is LIF's default, and what the file says: r = 1."""
    net = nn.Sequential(nn.Linear(6, 4), lif(), nn.Linear(4, 4), lif())
    fill(net, seed, dyadic=False)
    recording, theirs = both(net, input_spikes(6, seed=seed), tmp_path)
    assert_same_spikes(recording, {"1": theirs.of(1, 4), "3": theirs.of(3, 4)})


def test_convolution_sum_pool_and_flatten(tmp_path: Path) -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=False),
        iaf(),
        layers.SumPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 4),
        iaf(),
    )
    fill(net, scale=0.25)
    recording, theirs = both(net, input_spikes(2, 6, 6), tmp_path)
    assert_same_spikes(recording, {"1": theirs.of(1, 3, 6, 6), "5": theirs.of(5, 4)})


def test_a_leaky_readout(tmp_path: Path) -> None:
    net = nn.Sequential(
        nn.Linear(6, 5),
        iaf(),
        nn.Linear(5, 4),
        layers.ExpLeakSqueeze(tau_mem=TAU, norm_input=True, batch_size=1),
    )
    fill(net, scale=0.5)
    recording, theirs = both(net, input_spikes(6), tmp_path)
    assert_same_spikes(recording, {"1": theirs.of(1, 5)})
    assert np.abs(recording.membranes["3"][0] - theirs.of(3, 4)).max() < 1e-12


def test_one_time_constant_for_a_whole_layer(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(6, 4), lif(torch.tensor([5.0])))
    fill(net, dyadic=False)
    in_float64(net)
    stream = torch.as_tensor(input_spikes(6), dtype=torch.float64)
    net(stream)
    recording = ours(written(to_nir(net, stream), tmp_path), input_spikes(6), "sinabs")
    net[1].reset_states()
    outputs = Outputs(net)
    with torch.no_grad():
        net(stream)
    assert_same_spikes(recording, {"1": outputs.of(1, 4)})


def test_several_spikes_per_step_are_exact_only_where_none_occur(tmp_path: Path) -> None:
    """The default of Sinabs; NIR's neurons fire once per step."""
    for scale, same in ((0.125, True), (1.0, False)):
        net = nn.Sequential(nn.Linear(6, 5), layers.IAFSqueeze(batch_size=1))
        fill(net, scale=scale)
        recording, theirs = both(net, input_spikes(6), tmp_path)
        counts = theirs.of(1, 5)
        assert (counts.max() <= 1) == same
        assert np.array_equal(recording.spikes["1"][0], counts > 0) == same


def test_a_reset_to_zero_must_be_asked_for(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(6, 5), iaf(reset_fn=activation.MembraneReset()))
    fill(net, scale=0.5)
    recording, theirs = both(net, input_spikes(6), tmp_path, reset="zero")
    assert_same_spikes(recording, {"1": theirs.of(1, 5)})


def test_what_the_exporter_loses(tmp_path: Path) -> None:
    """norm_input=False, a lower bound and a synaptic current leave no trace in the file."""
    for lost in ({"norm_input": False}, {"min_v_mem": -0.1}, {"tau_syn": torch.tensor(4.0)}):
        net = nn.Sequential(nn.Linear(6, 4), lif(**lost))
        fill(net, dyadic=False)
        recording, theirs = both(net, input_spikes(6), tmp_path)
        with pytest.raises(AssertionError, match="spikes differ"):
            assert_same_spikes(recording, {"1": theirs.of(1, 4)})


def test_the_exporter_itself_refuses_recurrent_layers() -> None:
    net = nn.Sequential(
        nn.Linear(6, 5), layers.LIFRecurrent(tau_mem=5.0, rec_connect=nn.Linear(5, 5))
    )
    with pytest.raises(NotImplementedError):
        to_nir(net, torch.zeros(1, 7, 6))


def test_nir_cannot_write_one_scalar_for_a_layer(tmp_path: Path) -> None:
    """Older releases of nir can; see tests/deploy/test_shapes.py for reading such files."""
    net = nn.Sequential(nn.Linear(6, 5), layers.LIFSqueeze(tau_mem=5.0, batch_size=1))
    net(torch.zeros(7, 6))
    with pytest.raises(TypeError, match="Scalar datasets"):
        nir.write(str(tmp_path / "x.nir"), to_nir(net, torch.zeros(7, 6)))
