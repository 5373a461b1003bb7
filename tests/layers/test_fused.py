"""tdBN and LIF as one operation: torch's and Norse's results, and their gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.config import Config
from snnvae.families.images.nets import Decoder
from snnvae.layers import rows
from snnvae.layers.fused import NormLIF
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.neuron import LIF, Readout, lif_cell
from snnvae.layers.norse_cells import LIFBoxFeedForwardState
from snnvae.layers.spiking import SpikingLayer, save_memory
from snnvae.train.build import build

T, B, C = 6, 3, 5
EPSILON = 1e-5


RULES = (PAPERS, LIFRule(0.875, "arctan"))


class Surrogate(torch.autograd.Function):
    """Norse's spike forward; backward 1/(2w) where |v| < w, w = 0.375, or with decay 0.875 the
    derivative of arctan(2π·(u − 0.2))/2π by u = v/0.125."""

    @staticmethod
    def forward(ctx, v: Tensor, fired: Tensor, c: float) -> Tensor:
        ctx.save_for_backward(v)
        ctx.c = c
        return fired

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None]:
        (v,) = ctx.saved_tensors
        if ctx.c == 0.75:
            return grad * (v.abs() < 0.375) / 0.75, None, None
        return grad / (1 + (2 * math.pi * (v / ctx.c - 0.2)) ** 2) / ctx.c, None, None


def step_by_step(x: Tensor, rule: LIFRule) -> Tensor:
    """Norse's cell one step at a time, differentiated by autograd."""
    cell, v, spikes = lif_cell(rule), torch.zeros_like(x[0]), []
    for current in x:
        fired, _ = cell(current.detach(), LIFBoxFeedForwardState(v=v.detach()))
        a = v + (1 - rule.decay) * (current - v)
        spike = Surrogate.apply(a, fired, rule.c)
        v = (1 - spike) * a
        spikes.append(spike)
    return torch.stack(spikes)


def inputs(constant: bool, space: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    y = torch.randn(1 if constant else T, B, C, *space, generator=g, dtype=torch.float64)
    gain = torch.rand(C, generator=g, dtype=torch.float64) * 0.4 + 0.1
    bias = torch.rand(C, generator=g, dtype=torch.float64) * 0.2
    weight = torch.randn(T, B, C, *space, generator=g, dtype=torch.float64)
    return y.requires_grad_(), gain.requires_grad_(), bias.requires_grad_(), weight


@pytest.mark.parametrize("space", [(), (4, 7)])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_spikes_and_gradients_are_those_of_steps_of_norse(
    rule: LIFRule, space: tuple[int, ...], constant: bool, weighted: bool
) -> None:
    y, gain, bias, weight = inputs(constant, space)
    readout = Readout.weights(T)
    x = F.batch_norm(
        y.expand(T, *y.shape[1:]).flatten(0, 1), None, None, gain, bias, True, 0.1, EPSILON
    )
    expected = step_by_step(x.view(T, *y.shape[1:]), rule)
    assert 0.1 < expected.mean() < 0.9
    if weighted:
        expected = sum(w * s for w, s in zip(readout, expected))[None]
        weight = weight[:1]
    ours, mean, var = NormLIF.apply(
        y, gain, bias, EPSILON, readout if weighted else [1.0] * T, weighted, rule
    )
    torch.testing.assert_close(ours, expected, atol=1e-12, rtol=0)
    axes = (0, 1, *range(3, y.ndim))
    torch.testing.assert_close(mean, y.detach().mean(axes))
    torch.testing.assert_close(var, y.detach().var(axes, correction=0))
    ours_of = torch.autograd.grad((ours * weight).sum(), (y, gain, bias))
    theirs_of = torch.autograd.grad((expected * weight).sum(), (y, gain, bias))
    for a, b in zip(ours_of, theirs_of):
        assert b.abs().sum() > 0
        torch.testing.assert_close(a, b, atol=1e-11, rtol=1e-10)


def test_pieces_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    g = torch.Generator().manual_seed(1)
    layer = SpikingLayer(torch.nn.Conv2d(3, 32, 3, padding=1))
    x = torch.rand(4, 5, 3, 16, 16, generator=g)
    results = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            layer.zero_grad()
            spikes = layer(x)
            spikes.sum().backward()
            results.append((spikes.detach(), layer.norm.weight.grad.clone()))
    finally:
        torch.set_num_threads(threads)
    (a, ga), (b, gb) = results
    assert a.numel() > rows.SMALL
    assert torch.equal(a, b)
    assert torch.equal(ga, gb)


@pytest.mark.parametrize("rule", RULES)
def test_other_tensors_take_torchs_own_operations(
    rule: LIFRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer = SpikingLayer(torch.nn.Linear(6, 5), rule=rule).double()
    x = torch.rand(T, 4, 6, dtype=torch.float64)
    layer(x).sum().backward()
    ours = {n: p.grad.clone() for n, p in layer.named_parameters()}
    layer.zero_grad()
    monkeypatch.setattr("snnvae.layers.spiking.is_supported", lambda _: False)
    monkeypatch.setattr("snnvae.layers.neuron.is_supported", lambda _: False)
    layer(x).sum().backward()
    for name, parameter in layer.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad, msg=name)


def test_running_statistics_are_torchs() -> None:
    torch.manual_seed(0)
    layer, norm = SpikingLayer(torch.nn.Linear(6, 5)), torch.nn.BatchNorm1d(5)
    for _ in range(3):
        x = torch.rand(T, 4, 6)
        layer(x)
        norm(layer.synapse(x).flatten(0, 1))
    torch.testing.assert_close(layer.norm.running_mean, norm.running_mean)
    torch.testing.assert_close(layer.norm.running_var, norm.running_var)


def test_the_readouts_sum_may_go_before_the_last_layer() -> None:
    torch.manual_seed(0)
    decoder, readout = Decoder(8, 2, (6, 4, 4), 5).double().eval(), Readout()
    z = (torch.rand(T, 3, 5) > 0.5).double()
    torch.testing.assert_close(decoder.weighted(z, readout.weights(T)), readout(decoder(z))[-1])
    decoder.train()
    torch.testing.assert_close(decoder.weighted(z, readout.weights(T)), readout(decoder(z))[-1])


def test_compiled_neurons_are_norses_for_any_shape() -> None:
    x = torch.randn(T, 3, 7, 5, 2)
    cell, v = lif_cell(), torch.rand(3, 7, 5, 2)
    spikes, last = LIF()(x, v)
    state = LIFBoxFeedForwardState(v=v)
    for t in range(T):
        fired, state = cell(x[t], state)
        assert torch.equal(spikes[t], fired)
    assert torch.equal(last, state.v)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_saving_memory_changes_no_bit(kind: str, mixed: bool) -> None:
    config = Config.default(kind, widths=(4, 6), latent=5, k=3, steps=4)
    image = torch.rand(6, 1, 8, 8) * 2 - 1
    found = []
    for saving in (False, True):
        model = build(config)
        if saving:
            save_memory(model)
        for _ in range(2):
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                loss = model.loss(image, torch.Generator().manual_seed(0), 0.5).total
            loss.backward()
        grads = [p.grad for p in model.parameters()]
        found.append([*grads, *model.state_dict().values()])
    assert all(torch.equal(a, b) for a, b in zip(*found))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("space", [(), (4, 7)])
@pytest.mark.parametrize("rule", RULES)
def test_a_folded_layer_has_the_spikes_and_gradients_of_steps_of_norse(
    rule: LIFRule, space: tuple[int, ...], weighted: bool
) -> None:
    g = torch.Generator().manual_seed(1)
    y = (torch.randn(T, B, C, *space, generator=g, dtype=torch.float64) * 0.4).requires_grad_()
    weight = torch.randn(T, B, C, *space, generator=g, dtype=torch.float64)
    layer = SpikingLayer(nn.Linear(2, 2), rule=rule)
    layer.synapse = layer.norm = nn.Identity()
    readout = Readout.weights(T)
    expected = step_by_step(y, rule)
    assert 0.1 < expected.mean() < 0.9
    if weighted:
        expected, weight = sum(w * s for w, s in zip(readout, expected))[None], weight[:1]
    ours = layer.weighted(y, readout)[None] if weighted else layer(y)
    torch.testing.assert_close(ours, expected, atol=1e-12, rtol=0)
    (want,) = torch.autograd.grad((expected * weight).sum(), y)
    (got,) = torch.autograd.grad((ours * weight).sum(), y)
    torch.testing.assert_close(got, want, atol=1e-12, rtol=0)
    assert got.abs().sum() > 0
