"""SpikingJelly's SynOpCounter counts the operations that we do, exact at the borders.

Two differences: pooling, which it does not count; and weights of zeros and ones only, which it
takes for spikes and so counts where they are not zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from convolutions import Case, convolutions, torch_forward
from counted import (
    ALL,
    POOL,
    SAMPLES,
    STEPS,
    VAE,
    Counted,
    conv,
    each,
    library,
    our_counts,
    our_macs,
    rows,
    run,
    spikes,
    up,
)
from hypothesis import given
from torch import nn

op_counter = library("spikingjelly.activation_based.op_counter")
pytestmark = pytest.mark.filterwarnings("ignore")


def synops(forward: Any, x: torch.Tensor) -> int:
    """What it counts for a batch of spikes."""
    counter = op_counter.SynOpCounter()
    with op_counter.DispatchCounterMode([counter]), torch.no_grad():
        forward(x)
    return int(counter.get_total())


def per_sample(layer: nn.Module, stream: np.ndarray) -> list[int]:
    return [synops(layer, rows(sample)) for sample in stream]


@each(ALL)
def test_operations_of_every_sample_are_ours(case: Counted) -> None:
    stream = spikes(case.shape)
    assert per_sample(case.layer, stream) == our_counts(case, stream).sop_event.tolist()


@given(convolutions())
def test_operations_of_convolutions_are_ours(case: Case) -> None:
    synapse, node = case
    weight = torch.as_tensor(node.weight)
    stream = spikes(synapse.in_shape)[0]
    theirs = synops(lambda x: torch_forward(node, weight, x), torch.as_tensor(stream).double())
    fan_out = synapse.fan_out() if weight.any() else synapse.fan_out_effective()
    assert theirs == (stream * fan_out).sum()


IN_A_ROW = [
    Counted("grouped", conv(4, 4, stride=2, padding=1, groups=2), (4, 7, 6)),
    Counted("up", up(4, 2, stride=2, padding=1, output_padding=(0, 1)), (4, 4, 3)),
    Counted("dilated", conv(2, 3, padding=1, dilation=2), (2, 7, 6)),
    Counted("linear", nn.Linear(60, 5, bias=False), (60,)),
]


def test_operations_of_a_network_are_ours_layer_by_layer() -> None:
    """Its layers on the spikes that our run recorded."""
    recording, counts = run(IN_A_ROW, spikes(IN_A_ROW[0].shape))
    total = np.zeros(SAMPLES, np.int64)
    for case, counted in zip(IN_A_ROW, counts.connections, strict=True):
        assert counted.name == case.name
        stream = recording.spikes[counted.source]
        assert 0 < stream.mean() < 1, f"{counted.source}: its spikes test nothing"
        theirs = per_sample(case.layer, stream.reshape(SAMPLES, STEPS, *case.shape))
        assert theirs == counted.sop_event.tolist()
        total += theirs
    np.testing.assert_array_equal(counts.total("sop_event"), total)


def test_the_vae_with_every_neuron_firing_costs_8_796_320_operations() -> None:
    theirs = [synops(case.layer, torch.ones(1, *case.shape)) for case in VAE]
    assert theirs == [our_macs(case) for case in VAE]
    assert sum(theirs) == 8_796_320


def depthwise(value: float) -> nn.Conv2d:
    """A pool of 2 × 2 written as a convolution."""
    layer = conv(3, 3, 2, stride=2, groups=3)
    nn.init.constant_(layer.weight, value)
    return layer


@pytest.mark.parametrize("value", [1.0, 0.25])
def test_a_pool_counts_nothing_and_as_a_convolution_what_we_count(value: float) -> None:
    stream = spikes(POOL.shape)
    ours = our_counts(POOL, stream).sop_event.tolist()
    assert per_sample(POOL.layer, stream) == [0] * SAMPLES
    assert per_sample(depthwise(value), stream) == ours
    assert min(ours) > 0


def zeros_and_ones(weight: torch.Tensor) -> torch.Tensor:
    return (weight > 0).to(weight.dtype)


@each(ALL)
def test_weights_of_zeros_and_ones_count_where_they_are_not_zero(case: Counted) -> None:
    """That is our sop_effective; we say beside it what a kernel walked in full takes."""
    binary, stream = case.with_weight(zeros_and_ones), spikes(case.shape)
    ours = our_counts(binary, stream)
    assert per_sample(binary.layer, stream) == ours.sop_effective.tolist()
    assert (ours.sop_effective < ours.sop_event).all()
