"""Threshold-dependent batch normalisation, and how it disappears for deployment."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.layers import fused
from snnvae.layers.lif_rule import U_TH, LIFRule

EPSILON = 1e-5

MOMENTUM = 0.1

Synapse = TypeVar("Synapse", bound="nn.Linear | nn.Conv2d | nn.ConvTranspose2d")


class TdBN(nn.Module):
    """y = α·V_th·(x − μ)/√(σ² + ε)·γ + β over (T, B, C, …); μ, σ² per channel C.

    In training μ and the biased σ² are those of batch, space and time together, and running
    estimates (the unbiased variance, momentum 0.1) are kept; in evaluation the running ones are
    used. β is not scaled. V_th is that in u, since inputs have the
    same scale in v. Source: the authors' code of FSVAE; Zheng et al., arXiv 2011.05280.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int, alpha: float = 1.0, spread: float = 1.0) -> None:
        """spread: γ at first."""
        super().__init__()
        self.alpha = alpha
        self.frozen = False
        """Whether the running statistics are left alone: a batch is seen twice."""
        self.weight = nn.Parameter(torch.full((features,), spread))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, C, …) → (T, B, C, …)."""
        y = F.batch_norm(
            x.flatten(0, 1),
            None if self.frozen else self.running_mean,
            None if self.frozen else self.running_var,
            self.gain,
            self.bias,
            training=self.training,
            momentum=MOMENTUM,
            eps=EPSILON,
        )
        return y.view_as(x)

    @property
    def gain(self) -> Tensor:
        """The gain α·V_th·γ."""
        return self.alpha * U_TH * self.weight

    def fire(
        self, x: Tensor, steps: int, rule: LIFRule, weights: Sequence[float] | None = None
    ) -> Tensor:
        """The spikes of LIF neurons behind this normalisation, from rest, as one operation.

        Of a batch in training, on tensors that `fused` supports. x (T, B, C, …), or (1, B, C, …)
        for a current that is the same at each of T steps → (T, B, C, …); or, with weights (T), the
        weighted sum over time (1, B, C, …).
        """
        spikes, mean, var = fused.NormLIF.apply(
            x, self.gain, self.bias, EPSILON, weights or [1.0] * steps, weights is not None, rule
        )
        if not self.frozen:
            count = steps * x[0].numel() // x.shape[2]
            self.running_mean.lerp_(mean, MOMENTUM)
            self.running_var.lerp_(var * (count / max(count - 1, 1)), MOMENTUM)
        fired: Tensor = spikes
        return fired


def fold(synapse: Synapse, norm: TdBN) -> Synapse:
    """The same synapse with tdBN's running statistics inside it: W' = a·W, b' = a·(b − μ) + β.

    a = α·V_th·γ/√(σ² + ε) per output channel. Computed in float64, rounded once to float32.
    """
    a = norm.alpha * U_TH * norm.weight.double() / (norm.running_var.double() + EPSILON).sqrt()
    bias = torch.zeros_like(a) if synapse.bias is None else synapse.bias.double()
    axis = 1 if isinstance(synapse, nn.ConvTranspose2d) else 0
    shape = [1] * synapse.weight.ndim
    shape[axis] = -1
    weight = synapse.weight.double() * a.view(shape)
    shift = a * (bias - norm.running_mean.double()) + norm.bias.double()
    folded = copy.deepcopy(synapse)
    folded.weight = nn.Parameter(weight.detach().float())
    folded.bias = nn.Parameter(shift.detach().float())
    return folded
