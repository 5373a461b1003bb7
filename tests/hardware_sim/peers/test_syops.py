"""syops multiplies the mean rate by a naive count: every tap of every position of the output.

Right for linear maps. Its convolutions ignore borders, and that spikes near them reach fewer
targets; groups it divides by as it should. Its transposed convolutions take the output's positions
for the input's: four times too many where they double height and width.
"""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from counted import (
    CONVOLUTIONS,
    LINEAR,
    TRANSPOSED,
    VAE,
    Counted,
    each,
    library,
    naive_macs,
    named,
    our_counts,
    our_macs,
    rows,
    spikes,
)
from torch import nn

pytestmark = pytest.mark.filterwarnings("ignore")
MERGED_NEURONS = ("IFNode", "LIFNode", "ParametricLIFNode")


def import_syops() -> Any:
    """syops 0.0.5, which imports three neurons that SpikingJelly has since merged into others.

    They only tell its counter what is a neuron, which no layer here is: aliases will do.
    """
    neuron = library("spikingjelly.activation_based.neuron")
    with pytest.MonkeyPatch.context() as patch:
        for name in MERGED_NEURONS:
            patch.setattr(neuron, f"MultiStep{name}", getattr(neuron, name), raising=False)
        return library("syops")


syops = import_syops()


def operations(layer: nn.Module, x: torch.Tensor) -> float:
    """Its accumulates for a batch of spikes, all of the batch together."""
    (_, accumulates, multiply_accumulates, _), _ = syops.get_model_complexity_info(
        nn.Sequential(layer),
        tuple(x.shape[1:]),
        [(x, None)],
        as_strings=False,
        print_per_layer_stat=False,
    )
    assert multiply_accumulates == 0
    return float(accumulates) * len(x)


def output_macs(case: Counted) -> int:
    """Every tap of every position of the output."""
    return case.layer.weight.numel() * prod(case.out_shape[1:])


@each(LINEAR)
def test_operations_of_a_linear_map_are_ours(case: Counted) -> None:
    stream = spikes(case.shape)
    theirs = [operations(case.layer, rows(sample)) for sample in stream]
    assert theirs == pytest.approx(our_counts(case, stream).sop_event, rel=1e-6)


@each([*CONVOLUTIONS, *TRANSPOSED])
def test_a_convolution_counts_as_the_rate_times_all_taps_of_all_outputs(case: Counted) -> None:
    stream = spikes(case.shape)
    theirs = [operations(case.layer, rows(sample)) for sample in stream]
    rate = stream.reshape(len(stream), -1).mean(axis=1)
    assert theirs == pytest.approx(rate * output_macs(case) * stream.shape[1], rel=1e-6)
    assert all(theirs != our_counts(case, stream).sop_event)


@pytest.mark.parametrize(
    ("name", "theirs", "exact"),
    [
        ("conv without a border", 1440, 1440),
        ("conv", 864, 640),
        ("grouped conv", 4536, 3648),
        ("dilated conv", 3024, 1904),
        ("transposed without a border", 7128, 1440),
        ("transposed with output padding", 5760, 1232),
        ("grouped transposed", 8640, 1848),
    ],
)
def test_operations_where_every_neuron_fires(name: str, theirs: int, exact: int) -> None:
    case = named(name)
    assert operations(case.layer, torch.ones(1, *case.shape)) == theirs
    assert our_macs(case) == exact


def test_of_the_vae_s_8_796_320_operations_it_makes_27_893_760() -> None:
    """With every neuron firing once: 10,199,040 without regard to borders, and its decoder × 4."""
    assert sum(our_macs(case) for case in VAE) == 8_796_320
    assert sum(naive_macs(case) for case in VAE) == 10_199_040
    assert sum(operations(case.layer, torch.ones(1, *case.shape)) for case in VAE) == 27_893_760
