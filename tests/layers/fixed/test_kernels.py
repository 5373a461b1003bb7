"""Loihi's neuron in training: the compiler's own steps forward, torch's derivatives backward."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from snnvae.layers.fixed import lif
from snnvae.layers.fixed.lif import FixedRule, FixedScan, keep_of
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.neuron import Readout
from snnvae.primitives import FixedNeuron
from snnvae.primitives.parameters import FixedBias

T, B, C = 6, 3, 5
THRESHOLD, HALF_WIDTH = 40 * 64, 100.0 * 64
SLOW = LIFRule(0.9, "arctan")
"""Of a decay that is no power of two: 4096ths of 24 bits are more than a float32 holds."""
RULES = (PAPERS, SLOW)


def fixed(rule: LIFRule) -> FixedRule:
    window = rule.window._replace(centre=THRESHOLD, width=HALF_WIDTH)
    return FixedRule(keep_of(rule), THRESHOLD, window)


def currents(constant: bool, space: tuple[int, ...], spread: float = 60.0) -> Tensor:
    g = torch.Generator().manual_seed(0)
    y = torch.randn(1 if constant else T, B, C, *space, generator=g, dtype=torch.float64) * spread
    return torch.round(y)


BIAS = torch.tensor([0.0, 64.0, -131.0, 1000.0, 7.0], dtype=torch.float64)


def of_the_compiler(y: Tensor, rule: LIFRule) -> np.ndarray:
    """Spikes by `FixedNeuron`, channels last."""
    neuron = FixedNeuron(
        name="LIF",
        dv=np.asarray({0.25: 3072, 0.9: 410}[rule.decay]),
        bias=FixedBias(BIAS.numpy().astype(np.int64), 0),
        start=np.zeros((), np.int64),
        threshold=np.asarray(THRESHOLD // 64),
    )
    rows = y.movedim(2, -1).numpy().astype(np.int64)
    state, spikes = neuron.initial(B, rows.shape[2:]), []
    for t in range(T):
        fired, state = neuron.step(state, rows[t if len(rows) > 1 else 0])
        spikes.append(fired)
    return np.stack(spikes)


@pytest.mark.parametrize("space", [(), (4, 7)])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("spread", [60.0, 60_000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", RULES)
def test_spikes_are_those_of_the_compilers_neuron(
    rule: LIFRule, space: tuple[int, ...], constant: bool, spread: float, dtype: torch.dtype
) -> None:
    """The large currents wrap at 24 bits and clip membranes."""
    y = currents(constant, space, spread)
    expected = of_the_compiler(y, rule)
    assert 0.05 < expected.mean() < 0.95
    ours = FixedScan.apply(y.to(dtype), BIAS.to(dtype), fixed(rule), T, None)
    assert (ours.movedim(2, -1).numpy() == expected).all()


class Surrogate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: Tensor, smooth: bool) -> Tensor:
        ctx.save_for_backward(a)
        ctx.smooth = smooth
        return (a > THRESHOLD).to(a.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        (a,) = ctx.saved_tensors
        if ctx.smooth:
            far = (a - THRESHOLD) / HALF_WIDTH
            return grad / (1 + far**2) / (2 * math.pi * HALF_WIDTH), None
        return grad * (a.abs() < HALF_WIDTH) / (2 * HALF_WIDTH), None


class Trunc(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: Tensor) -> Tensor:
        return torch.trunc(a)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad


@pytest.mark.parametrize("space", [(), (4, 7)])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_gradients_are_autograds_with_rounding_passed_through(
    rule: LIFRule,
    space: tuple[int, ...],
    constant: bool,
    weighted: bool,
    compiled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not compiled:
        monkeypatch.setattr(lif, "is_supported", lambda _: False)
    y, bias = currents(constant, space).requires_grad_(), BIAS.clone().requires_grad_()
    v, spikes = torch.zeros_like(y[0]), []
    for t in range(T):
        a = Trunc.apply(keep_of(rule) * v) + 64 * y[t if len(y) > 1 else 0]
        a = a + lif.over_channels(bias, y)
        spikes.append(Surrogate.apply(a, rule is SLOW))
        v = (1 - spikes[-1]) * a
    expected = torch.stack(spikes)
    weights = Readout.weights(T) if weighted else None
    if weights:
        expected = sum(w * s for w, s in zip(weights, expected))[None]
    g = torch.Generator().manual_seed(1)
    given = torch.randn(expected.shape, generator=g, dtype=torch.float64)
    wanted = torch.autograd.grad((expected * given).sum(), (y, bias))
    ours = FixedScan.apply(y, bias, fixed(rule), T, weights)
    torch.testing.assert_close(ours, expected)
    found = torch.autograd.grad((ours * given).sum(), (y, bias))
    for a, b in zip(found, wanted):
        assert b.abs().max() > 0
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12 * float(b.abs().max()))
