"""A spiking layer's tdBN and LIF as one differentiable operation over all steps.

On a CPU, in float32 and float64, it is the compiled kernels of `lif_kernels`; elsewhere torch's own
operations (`neuron.SurrogateScan`). Kept for the backward pass are the currents alone: membranes
are computed again, and the spikes belong to the layer that reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnvae.layers import lif_kernels
from snnvae.layers.lif_rule import LIFRule
from snnvae.layers.rows import PIECES, as_rows, as_tensor, in_pieces, tiled


def lif(x: Tensor, v: Tensor, rule: LIFRule, v_th: float) -> tuple[Tensor, Tensor]:
    """Spikes (T, B, …) and last membrane (B, …) of currents x from membrane v; no gradient."""
    steps, rows = len(x), as_rows(x.detach())
    gain, shift = (np.full(lif_kernels.WIDTH, n, rows.dtype) for n in (1, 0))
    ones = np.ones(steps, rows.dtype)
    spikes, last = np.empty_like(rows), as_rows(v[None]).reshape(-1).copy()
    in_pieces(
        lambda _, a, b: lif_kernels.forward(
            rows, ones, gain, shift, *_neuron(rows, rule, v_th), last, spikes, a, b
        ),
        rows.shape[1],
        lif_kernels.WIDTH,
        steps,
    )
    return as_tensor(spikes, x, steps), as_tensor(last[None], x, 1)[0]


class NormLIF(torch.autograd.Function):
    """Currents → spikes: ŷ = (y − μ)/√(σ² + ε), x = gain·ŷ + bias, then LIF from rest.

    μ and the biased σ² are those of batch, space and time. y (T, B, C, …), or (1, B, C, …) for a
    current that is the same at each step. Returns spikes (T, B, C, …), μ and σ² (C); where
    `weighted`, Σ_t weights[t]·spikes[t] (1, B, C, …) in place of the spikes, which then never
    reach memory. weights (T): else ones.
    """

    @staticmethod
    def forward(
        ctx: Any,
        y: Tensor,
        gain: Tensor,
        bias: Tensor,
        epsilon: float,
        weights: Sequence[float],
        weighted: bool,
        rule: LIFRule,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Spikes and statistics."""
        rows, channels = as_rows(y), len(gain)
        mean, var = _statistics(rows, channels)
        inverse = 1 / np.sqrt(var + epsilon)
        scale = gain.numpy().astype(np.float64) * inverse
        shift = bias.numpy().astype(np.float64) - mean * scale
        width = lif_kernels.block_width(channels)
        blocks = tuple(tiled(a, width, rows.dtype) for a in (scale, shift, mean, inverse))
        steps = np.array(weights, rows.dtype)
        spikes = np.empty((1 if weighted else len(steps), rows.shape[1]), rows.dtype)
        v = np.zeros(rows.shape[1], rows.dtype)
        in_pieces(
            lambda _, a, b: lif_kernels.forward(
                rows, steps, blocks[0], blocks[1], *_neuron(rows, rule, rule.v_th), v, spikes, a, b
            ),
            rows.shape[1],
            width,
            len(steps),
        )
        ctx.save_for_backward(y)
        ctx.blocks, ctx.channels, ctx.steps, ctx.rule = blocks, channels, steps, rule
        out = as_tensor(spikes, y, len(spikes))
        of_batch, spread = (torch.from_numpy(a).to(y.dtype) for a in (mean, var))
        ctx.mark_non_differentiable(of_batch, spread)
        ctx.set_materialize_grads(False)
        return out, of_batch, spread

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None, None, None]:
        """Gradients of y, gain and bias."""
        if grads[0] is None:
            return None, None, None, None, None, None, None
        (y,) = ctx.saved_tensors
        rows, grad = as_rows(y), as_rows(grads[0])
        gain, shift, mean, inverse = ctx.blocks
        channels, columns = ctx.channels, rows.shape[1]
        grad_x = np.empty_like(rows)
        by_shift, by_gain = np.zeros((2, PIECES, channels))
        rule = ctx.rule
        neuron = (*_neuron(rows, rule, rule.v_th), *rule.window.of(rows.dtype.type))
        in_pieces(
            lambda piece, a, b: lif_kernels.backward(
                rows, ctx.steps, gain, shift, mean, inverse, *neuron, grad, grad_x,
                by_shift[piece], by_gain[piece], a, b,
            ),
            columns, len(gain), len(ctx.steps),
        )  # fmt: skip
        total_shift, total_gain = by_shift.sum(0), by_gain.sum(0)
        count = len(rows) * columns / channels
        means = [tiled(a / count, len(gain), rows.dtype) for a in (total_shift, total_gain)]
        in_pieces(
            lambda _, a, b: lif_kernels.normalise_backward(
                rows, gain, mean, inverse, *means, grad_x, a, b
            ),
            columns,
            len(gain),
            len(rows),
        )
        of_gain, of_bias = (torch.from_numpy(a).to(y.dtype) for a in (total_gain, total_shift))
        return as_tensor(grad_x, y, len(y)), of_gain, of_bias, None, None, None, None


class FoldedLIF(torch.autograd.Function):
    """Currents → spikes of a layer whose tdBN is folded away: LIF from rest, as `NormLIF` has it.

    y (T, B, …), weights (T), threshold v_th. Returns spikes (T, B, …), or Σ_t weights[t]·spikes[t]
    (1, B, …) where `weighted`. Values and gradients are those of `neuron.SurrogateScan`.
    """

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, weights: Sequence[float], weighted: bool, rule: LIFRule, v_th: float
    ) -> Tensor:
        """Spikes, or their weighted sum."""
        rows = as_rows(y)
        steps, neuron = np.array(weights, rows.dtype), _neuron(rows, rule, v_th)
        ones, zeros = (np.full(lif_kernels.WIDTH, n, rows.dtype) for n in (1, 0))
        spikes = np.empty((1 if weighted else len(steps), rows.shape[1]), rows.dtype)
        v = np.zeros(rows.shape[1], rows.dtype)
        in_pieces(
            lambda _, a, b: lif_kernels.forward(rows, steps, ones, zeros, *neuron, v, spikes, a, b),
            rows.shape[1],
            len(ones),
            len(steps),
        )
        ctx.save_for_backward(y)
        ctx.neuron = (*neuron, *rule.window.of(rows.dtype.type))
        ctx.steps, ctx.ones, ctx.zeros = steps, ones, zeros
        return as_tensor(spikes, y, len(spikes))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        """Gradient of y."""
        (y,) = ctx.saved_tensors
        rows, grad, ones, zeros = as_rows(y), as_rows(grads[0]), ctx.ones, ctx.zeros
        grad_x = np.empty_like(rows)
        unused = np.zeros((2, PIECES, 1))
        in_pieces(
            lambda i, a, b: lif_kernels.backward(
                rows, ctx.steps, ones, zeros, zeros, ones, *ctx.neuron, grad, grad_x,
                unused[0, i], unused[1, i], a, b,
            ),
            rows.shape[1], len(ones), len(ctx.steps),
        )  # fmt: skip
        return as_tensor(grad_x, y, len(y)), None, None, None, None


def _statistics(rows: NDArray[Any], channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and biased variance per channel, in float64."""
    total, square = np.zeros((2, PIECES, channels))
    in_pieces(
        lambda i, a, b: lif_kernels.sums(rows, channels, a, b, total[i], square[i]),
        rows.shape[1],
        lif_kernels.block_width(channels),
        len(rows),
    )
    count = rows.size / channels
    offset = total.sum(0) / count
    return rows[0, :channels] + offset, np.maximum(square.sum(0) / count - offset**2, 0)


def _neuron(rows: NDArray[Any], rule: LIFRule, v_th: float) -> tuple[Any, Any]:
    """dt/τ and the threshold in the array's precision, as torch takes a Python number."""
    return rows.dtype.type(rule.c), rows.dtype.type(v_th)
