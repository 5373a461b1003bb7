"""The neurons are Norse's, forward; the papers', backward."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from snnvae.layers.constants import DT
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.neuron import LIF, Readout, lif_cell
from snnvae.layers.norse_cells import LIFBoxFeedForwardState


def currents(seed: int, steps: int = 9, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(steps, 3, 4, generator=torch.Generator().manual_seed(seed), dtype=dtype) / 3


class PaperSpike(torch.autograd.Function):
    """The papers' spike in u: 1 where u > 0.2, derivative 1 where |u| < 0.5."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0.2).to(u.dtype)

    @staticmethod
    def backward(ctx, grad):
        return grad * (ctx.saved_tensors[0].abs() < 0.5)


def paper_lif(x: Tensor) -> Tensor:
    """u[t] = u[t−1]/4·(1 − o[t−1]) + x[t], written down and differentiated by autograd."""
    u, o, spikes = torch.zeros_like(x[0]), torch.zeros_like(x[0]), []
    for current in x:
        u = 0.25 * u * (1 - o) + current
        o = PaperSpike.apply(u)
        spikes.append(o)
    return torch.stack(spikes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("rule", [PAPERS, LIFRule(0.875, "arctan")])
def test_forward_is_norses_cell_step_for_step(
    rule: LIFRule, dtype: torch.dtype, trainable: bool
) -> None:
    x = currents(0, steps=40, dtype=dtype).requires_grad_(trainable)
    spikes, last = LIF(rule)(x)
    cell, state = lif_cell(rule), LIFBoxFeedForwardState(v=torch.zeros(3, 4, dtype=dtype))
    for t in range(len(x)):
        z, state = cell(x[t].detach(), state)
        assert torch.equal(spikes[t], z)
    assert torch.equal(last, state.v)
    assert 0.1 < spikes.mean() < 0.9
    assert spikes.dtype == last.dtype == dtype


def test_constants_are_the_papers_in_v_equal_three_quarters_of_u() -> None:
    assert DT * PAPERS.tau_mem_inv == PAPERS.c == 0.75
    in_u = torch.tensor([PAPERS.v_th, PAPERS.window.width]) / 0.75
    torch.testing.assert_close(in_u, torch.tensor([0.2, 0.5]))


@given(seed=st.integers(0, 10_000))
def test_spikes_and_gradients_are_the_papers(seed: int) -> None:
    x = currents(seed).requires_grad_()
    weight = currents(seed + 1)
    ours, theirs = LIF()(x)[0], paper_lif(x)
    assert torch.equal(ours, theirs)
    (gradient,) = torch.autograd.grad((ours * weight).sum(), x)
    (expected,) = torch.autograd.grad((theirs * weight).sum(), x)
    torch.testing.assert_close(gradient, expected)
    assert expected.abs().sum() > 0


def test_surrogate_window_is_centred_at_zero_not_at_the_threshold() -> None:
    x = torch.tensor([[-0.51, -0.49, 0.0, 0.49, 0.51]], dtype=torch.float64, requires_grad=True)
    LIF()(x)[0].sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.tensor([[0.0, 1, 1, 1, 0]], dtype=torch.float64))


def test_an_arctans_window_is_around_the_threshold() -> None:
    """1/(1 + (2π·(u − 0.2))²): half of its highest where 2π·|u − 0.2| = 1."""
    half = 1 / (2 * math.pi)
    u = torch.tensor([[0.2, 0.2 + half, 0.2 - half, 0.2 + 3 * half]], dtype=torch.float64)
    for decay in (0.25, 0.875):
        x = u.clone().requires_grad_()
        LIF(LIFRule(decay, "arctan"))(x)[0].sum().backward()
        expected = torch.tensor([[1.0, 0.5, 0.5, 0.1]], dtype=torch.float64)
        torch.testing.assert_close(x.grad, expected)


def test_threshold_is_strict() -> None:
    v = torch.tensor([PAPERS.v_th], dtype=torch.float64)
    spikes, last = LIF()(v[None], v)  # v + 0.75·(x − v) with x = v: exactly at the threshold
    assert (spikes.item(), last.item()) == (0, PAPERS.v_th)
    above = torch.nextafter(v, torch.ones_like(v))
    spikes, last = LIF()(above[None], above)
    assert (spikes.item(), last.item()) == (1, 0)


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 8))
def test_carrying_the_membrane_equals_one_run(seed: int, cut: int) -> None:
    x, lif = currents(seed), LIF()
    whole, end = lif(x)
    spikes, last = lif(x[:cut])
    more, end_of_parts = lif(x[cut:], last)
    assert torch.equal(torch.cat([spikes, more]), whole)
    assert torch.equal(end_of_parts, end)


def test_readout_is_the_papers_weighted_sum_at_each_step() -> None:
    y = currents(3)
    out = Readout()(y)
    for t in range(len(y)):
        expected = sum(0.8 ** (t - s) * y[s] for s in range(t + 1))
        torch.testing.assert_close(out[t], expected)


def test_readout_coefficients_sum_to_the_papers_figure() -> None:
    assert Readout()(torch.ones(16, 1, dtype=torch.float64))[-1].item() == pytest.approx(
        4.859, abs=5e-4
    )
