"""tdBN: its equation, its statistics, and its disappearance."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from snnvae.layers.tdbn import TdBN, fold


def activity(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def unsettled(features: int, alpha: float) -> TdBN:
    """A tdBN with no parameter at its initial value."""
    norm, generator = TdBN(features, alpha), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            tensor.copy_(torch.rand(features, generator=generator) + 0.5)
    return norm


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 6, 2)])
@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_statistics_span_batch_space_and_time(shape: tuple[int, ...], alpha: float) -> None:
    norm, x = unsettled(3, alpha), activity(*shape)
    kept = norm.running_mean.clone(), norm.running_var.clone()
    axes = [0, 1, *range(3, len(shape))]
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    scale, offset = (p.view(3, *[1] * (len(shape) - 3)) for p in (norm.weight, norm.bias))
    expected = alpha * 0.2 * (x - mean) / (variance + 1e-5).sqrt() * scale + offset
    torch.testing.assert_close(norm(x), expected)
    torch.testing.assert_close(norm.running_mean, 0.9 * kept[0] + 0.1 * mean.flatten())
    torch.testing.assert_close(norm.running_var, 0.9 * kept[1] + 0.1 * x.var(axes))


def test_evaluation_uses_running_statistics_and_leaves_them() -> None:
    norm, x = unsettled(3, 1.0).eval(), activity(5, 4, 3)
    kept = norm.running_mean.clone()
    expected = 0.2 * (x - kept) / (norm.running_var + 1e-5).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(norm(x), expected)
    assert torch.equal(norm.running_mean, kept)


def test_beta_is_not_scaled() -> None:
    norm = unsettled(3, 2.0)
    centred = norm.eval()(norm.running_mean.expand(1, 1, 3).clone())
    torch.testing.assert_close(centred[0, 0], norm.bias.detach().clone(), check_dtype=True)


@pytest.mark.parametrize(
    ("synapse", "shape"),
    [
        (nn.Linear(6, 3), (4, 6)),
        (nn.Linear(6, 3, bias=False), (4, 6)),
        (nn.Conv2d(2, 3, 3, stride=2, padding=1), (4, 2, 5, 5)),
        (nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), (4, 2, 5, 5)),
    ],
)
def test_folded_synapse_equals_synapse_then_tdbn(
    synapse: nn.Module, shape: tuple[int, ...]
) -> None:
    norm, x = unsettled(3, 2.0).eval(), activity(*shape)
    folded = fold(synapse, norm)
    assert type(folded) is type(synapse)
    assert folded.weight.dtype == folded.bias.dtype == torch.float32
    torch.testing.assert_close(folded(x), norm(synapse(x)[None])[0], rtol=1e-5, atol=1e-5)


def test_fold_rounds_once() -> None:
    synapse, norm = nn.Linear(6, 3), unsettled(3, 1.0)
    a = 0.2 * norm.weight.double() / (norm.running_var.double() + 1e-5).sqrt()
    exact = a * (synapse.bias.double() - norm.running_mean.double()) + norm.bias.double()
    assert torch.equal(fold(synapse, norm).bias, exact.float())
    assert torch.equal(fold(synapse, norm).weight, (a[:, None] * synapse.weight.double()).float())
