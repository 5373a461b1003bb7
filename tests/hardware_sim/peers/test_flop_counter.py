"""torch.utils.flop_counter: two FLOPs for every tap of every position, inside the map or not.

Its formula takes shapes alone ("I don't think this properly accounts for padding", says a comment
there). Without padding that is our exact number; with padding ours is smaller.
"""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from convolutions import Case, convolutions, torch_forward
from counted import ALL, POOL, VAE, Counted, each, naive_macs, named, our_macs
from hypothesis import given
from torch.utils.flop_counter import FlopCounterMode

from snnvae.primitives import ConvTranspose2d

PADDED = [case for case in ALL if any(getattr(case.layer, "padding", ()))]
UNPADDED = [case for case in ALL if case not in PADDED]


def flops(forward: Any, x: torch.Tensor) -> int:
    """What it counts for one input."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        forward(x)
    return counter.get_total_flops()


def layer_flops(case: Counted) -> int:
    return flops(case.layer, torch.zeros(1, *case.shape))


@each(ALL)
def test_it_counts_two_flops_for_every_tap_of_every_position(case: Counted) -> None:
    assert layer_flops(case) == 2 * naive_macs(case)


@each(UNPADDED)
def test_without_padding_it_counts_our_exact_macs_twice(case: Counted) -> None:
    assert layer_flops(case) == 2 * our_macs(case)


@each(PADDED)
def test_with_padding_it_counts_taps_that_lie_outside_the_map(case: Counted) -> None:
    assert layer_flops(case) > 2 * our_macs(case)


@given(convolutions())
def test_on_convolutions_it_differs_from_us_exactly_where_there_is_padding(case: Case) -> None:
    synapse, node = case
    weight = torch.as_tensor(node.weight)
    x = torch.zeros(1, *synapse.in_shape, dtype=weight.dtype)
    theirs = flops(lambda x: torch_forward(node, weight, x), x)
    transposed = isinstance(synapse, ConvTranspose2d)
    positions = (synapse.in_shape if transposed else synapse.out_shape)[1:]
    assert theirs == 2 * prod(weight.shape) * prod(positions)
    same = isinstance(node.padding, str)
    padded = max(weight.shape[2:]) > 1 if same else any(synapse.padding)
    assert (theirs > 2 * synapse.macs()) == padded
    assert (theirs == 2 * synapse.macs()) != padded


@pytest.mark.parametrize(
    ("name", "theirs", "exact"),
    [
        ("conv", 864, 640),
        ("grouped conv", 4536, 3648),
        ("dilated conv", 3024, 1904),
        ("transposed with output padding", 1440, 1232),
    ],
)
def test_how_much_it_counts_beyond_the_borders(name: str, theirs: int, exact: int) -> None:
    assert layer_flops(named(name)) == 2 * theirs
    assert our_macs(named(name)) == exact


def test_a_pool_has_no_flops() -> None:
    assert layer_flops(POOL) == 0
    assert our_macs(POOL) == 3 * 6 * 4  # the last column lies in no window


def test_the_vae_costs_8_796_320_macs_and_half_its_flops_are_10_199_040() -> None:
    assert sum(our_macs(case) for case in VAE) == 8_796_320
    assert sum(layer_flops(case) for case in VAE) == 2 * 10_199_040
