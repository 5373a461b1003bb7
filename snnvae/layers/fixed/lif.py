"""Loihi's leaky integrate-and-fire neurons with gradients: whole numbers forward, real backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from snnvae.layers.fixed import kernels
from snnvae.layers.lif_kernels import block_width
from snnvae.layers.lif_rule import PAPERS, LIFRule, Window
from snnvae.layers.neuron import window_of
from snnvae.layers.rows import PIECES, as_rows, as_tensor, in_pieces, is_supported, tiled
from snnvae.layers.spiking import weighted_sum
from snnvae.primitives import fixed_point
from snnvae.primitives.parameters import fixed_decay


class FixedRule(NamedTuple):
    """A neuron in membrane units: what a step leaves of a membrane, as the decay of 12 bits has it,
    the threshold, and the surrogate."""

    keep: float
    threshold: float
    window: Window


def keep_of(rule: LIFRule) -> float:
    """1 − dv/4096."""
    return 1 - int(fixed_decay(np.asarray(rule.c))) / (1 << fixed_point.DECAY_BITS)


def scan(y: Tensor, bias: Tensor, rule: FixedRule, v: Tensor) -> tuple[Tensor, Tensor]:
    """`kernels.forward` by torch: y (T, B, …) whole weights, v (B, …) → spikes, membranes before
    the reset (T, B, …)."""
    spikes, before = torch.empty_like(y), torch.empty_like(y)
    limit = fixed_point.STATE_LIMIT
    for t, current in enumerate(y):
        u = kernels.UNIT * current
        u = torch.where(u > limit, u - 2 * limit, torch.where(u <= -limit, u + 2 * limit, u))
        a = (torch.trunc(rule.keep * v.double()).to(v.dtype) + u + bias).clamp(1 - limit, limit - 1)
        before[t] = a
        spikes[t] = a > rule.threshold
        v = a * (1 - spikes[t])
    return spikes, before


class FixedScan(torch.autograd.Function):
    """Spikes of whole currents y (T, B, C, …), or (1, B, C, …) for a current of every step.

    bias (C) in membrane units. With
    weights (T) the weighted sum over time (1, B, C, …). From rest. On a CPU by `kernels`.
    """

    @staticmethod
    def forward(
        ctx: Any,
        y: Tensor,
        bias: Tensor,
        rule: FixedRule,
        steps: int,
        weights: Sequence[float] | None,
    ) -> Tensor:
        """Spikes, or their weighted sum."""
        ctx.save_for_backward(y, bias)
        ctx.rule, ctx.steps, ctx.weights = rule, steps, weights
        ctx.set_materialize_grads(False)
        if is_supported(y):
            return _compiled_forward(y, bias, rule, steps, weights)
        whole = y.expand(steps, *y.shape[1:])
        spikes, _ = scan(whole, over_channels(bias, y), rule, torch.zeros_like(y[0]))
        if weights is None:
            return spikes
        return weighted_sum(spikes, weights)[None]

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        """Gradients of y and bias."""
        if grads[0] is None:
            return None, None, None, None, None
        y, bias = ctx.saved_tensors
        by = _compiled_backward if is_supported(y) else _backward
        of_y, of_bias = by(y, bias, ctx.rule, ctx.steps, ctx.weights, grads[0])
        return of_y, of_bias, None, None, None


def over_channels(values: Tensor, like: Tensor) -> Tensor:
    """(C) as a tensor that goes with a step of `like` (T, B, C, …)."""
    return values.view(-1, *(1,) * (like.ndim - 3))


def _compiled_forward(
    y: Tensor, bias: Tensor, rule: FixedRule, steps: int, weights: Sequence[float] | None
) -> Tensor:
    rows, kind = as_rows(y.detach()), y.detach().numpy().dtype.type
    tiled = _tiled_bias(bias, rows)
    factors = np.array(weights or [1.0] * steps, rows.dtype)
    spikes = np.empty((1 if weights else steps, rows.shape[1]), rows.dtype)
    v = np.zeros(rows.shape[1], rows.dtype)
    in_pieces(
        lambda _, a, b: kernels.forward(
            rows, factors, tiled, rule.keep, kind(rule.threshold), v, spikes, a, b
        ),
        rows.shape[1],
        len(tiled),
        steps,
    )
    return as_tensor(spikes, y, len(spikes))


def _compiled_backward(
    y: Tensor,
    bias: Tensor,
    rule: FixedRule,
    steps: int,
    weights: Sequence[float] | None,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    rows, given = as_rows(y), as_rows(grad)
    kind, tiled = rows.dtype.type, _tiled_bias(bias, rows)
    factors = np.array(weights or [1.0] * steps, rows.dtype)
    grad_y, by_bias = np.empty_like(rows), np.zeros((PIECES, len(bias)))
    in_pieces(
        lambda piece, a, b: kernels.backward(
            rows, factors, tiled, rule.keep, kind(rule.threshold), *rule.window.of(kind), given,
            grad_y, by_bias[piece], a, b,
        ),
        rows.shape[1],
        len(tiled),
        steps,
    )  # fmt: skip
    of_bias = torch.from_numpy(by_bias.sum(0)).to(bias.dtype)
    return as_tensor(grad_y, y, len(y)), of_bias


def _backward(
    y: Tensor,
    bias: Tensor,
    rule: FixedRule,
    steps: int,
    weights: Sequence[float] | None,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    """Goes back as the kernel does, by torch, a step at a time."""
    whole = y.expand(steps, *y.shape[1:])
    spikes, before = scan(whole, over_channels(bias, y), rule, torch.zeros_like(y[0]))
    of_a, carried = torch.empty_like(before), torch.zeros_like(y[0])
    for t in range(steps - 1, -1, -1):
        given = grad[t] if weights is None else weights[t] * grad[0]
        window = window_of(before[t], rule.window)
        of_a[t] = (given - carried * before[t]) * window + carried * (1 - spikes[t])
        carried = rule.keep * of_a[t]
    of_y = kernels.UNIT * of_a
    if len(y) == 1:
        of_y = of_y.sum(0, keepdim=True)
    axes = [axis for axis in range(y.ndim) if axis != 2]
    return of_y, of_a.sum(axes)


def _tiled_bias(bias: Tensor, rows: np.ndarray) -> np.ndarray:
    values = bias.detach().numpy()
    return tiled(values, block_width(len(values)), rows.dtype)


class FixedLIF(nn.Module):
    """Neurons at `scale` weight units per unit of membrane.

    Their threshold is scale·v_th, a whole number by the compiler's choice of the scale.
    """

    scale: Tensor

    def __init__(self, scale: float, rule: LIFRule = PAPERS) -> None:
        super().__init__()
        self.rule = rule
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))

    @property
    def threshold(self) -> int:
        """The threshold in membrane units."""
        return round(self.rule.v_th * self.scale.item()) * kernels.UNIT

    def forward(
        self,
        y: Tensor,
        bias: Tensor,
        steps: int,
        weights: Sequence[float] | None = None,
        v: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """`FixedScan` from rest; or from membrane v (B, …), without gradient → spikes, last v."""
        if v is not None:
            spikes, before = scan(y, over_channels(bias, y), self._fixed_rule(), v)
            return spikes, before[-1] * (1 - spikes[-1])
        return FixedScan.apply(y, bias, self._fixed_rule(), steps, weights), None

    def _fixed_rule(self) -> FixedRule:
        window = self.rule.window.scaled(self.scale.item() * kernels.UNIT)
        return FixedRule(keep_of(self.rule), self.threshold, window)
