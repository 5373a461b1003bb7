"""A spiking layer's tdBN and LIF as one differentiable operation over all steps.

On a CPU, in float32 and float64, it is the compiled kernels of `lif_kernels`; elsewhere torch's own
operations (`neuron.SurrogateScan`). Kept for the backward pass are the currents alone: membranes
are computed again, and the spikes belong to the layer that reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnvae.train import lif_kernels
from snnvae.train.constants import DT, SURROGATE_HALF_WIDTH, TAU_MEM_INV, V_TH

PIECES = 16
"""Stretches that a tensor is cut into, whatever the number of threads: their sums are added in
order, so that results do not depend on the machine."""

SMALL = 1 << 16
"""Elements below which one thread is as fast."""


def is_supported(x: Tensor) -> bool:
    """Whether the kernels take this tensor."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def lif(x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Spikes (T, B, …) and last membrane (B, …) of currents x from membrane v; no gradient."""
    steps, rows = len(x), _rows(x.detach())
    gain, shift = (np.full(lif_kernels.WIDTH, n, rows.dtype) for n in (1, 0))
    ones = np.ones(steps, rows.dtype)
    spikes, last = np.empty_like(rows), _rows(v[None]).reshape(-1).copy()
    _run(
        lambda a, b: lif_kernels.forward(
            rows, ones, gain, shift, *_neuron(rows), last, spikes, a, b
        ),
        rows.shape[1],
        lif_kernels.WIDTH,
        steps,
    )
    return _shaped(spikes, x, steps), _shaped(last[None], x, 1)[0]


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
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Spikes and statistics."""
        rows, channels = _rows(y), len(gain)
        mean, var = _statistics(rows, channels)
        inverse = 1 / np.sqrt(var + epsilon)
        scale = gain.numpy().astype(np.float64) * inverse
        shift = bias.numpy().astype(np.float64) - mean * scale
        width = lif_kernels.block_width(channels)
        tiled = tuple(_tiled(a, width, rows.dtype) for a in (scale, shift, mean, inverse))
        steps = np.array(weights, rows.dtype)
        spikes = np.empty((1 if weighted else len(steps), rows.shape[1]), rows.dtype)
        v = np.zeros(rows.shape[1], rows.dtype)
        _run(
            lambda a, b: lif_kernels.forward(
                rows, steps, tiled[0], tiled[1], *_neuron(rows), v, spikes, a, b
            ),
            rows.shape[1],
            width,
            len(steps),
        )
        ctx.save_for_backward(y)
        ctx.tiled, ctx.channels, ctx.steps = tiled, channels, steps
        out = _shaped(spikes, y, len(spikes))
        of_batch, spread = (torch.from_numpy(a).to(y.dtype) for a in (mean, var))
        ctx.mark_non_differentiable(of_batch, spread)
        ctx.set_materialize_grads(False)
        return out, of_batch, spread

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None, None]:
        """Gradients of y, gain and bias."""
        if grads[0] is None:
            return None, None, None, None, None, None
        (y,) = ctx.saved_tensors
        rows, grad = _rows(y), _rows(grads[0])
        gain, shift, mean, inverse = ctx.tiled
        channels, columns = ctx.channels, rows.shape[1]
        grad_x = np.empty_like(rows)
        by_shift, by_gain = np.zeros((2, PIECES, channels))
        bounds = _bounds(columns, len(gain))
        neuron = (*_neuron(rows), rows.dtype.type(SURROGATE_HALF_WIDTH))

        def through_time(piece: int) -> None:
            lif_kernels.backward(
                rows, ctx.steps, gain, shift, mean, inverse, *neuron, grad, grad_x,
                by_shift[piece], by_gain[piece], *bounds[piece],
            )  # fmt: skip

        _each(through_time, len(bounds), columns * len(ctx.steps))
        total_shift, total_gain = by_shift.sum(0), by_gain.sum(0)
        count = len(rows) * columns / channels
        means = [_tiled(a / count, len(gain), rows.dtype) for a in (total_shift, total_gain)]
        _each(
            lambda piece: lif_kernels.normalise_backward(
                rows, gain, mean, inverse, *means, grad_x, *bounds[piece]
            ),
            len(bounds),
            rows.size,
        )
        of_gain, of_bias = (torch.from_numpy(a).to(y.dtype) for a in (total_gain, total_shift))
        return _shaped(grad_x, y, len(y)), of_gain, of_bias, None, None, None


class FoldedLIF(torch.autograd.Function):
    """Currents → spikes of a layer whose tdBN is folded away: LIF from rest, as `NormLIF` has it.

    y (T, B, …), weights (T). Returns spikes (T, B, …), or Σ_t weights[t]·spikes[t] (1, B, …) where
    `weighted`. Values and gradients are those of `neuron.SurrogateScan`.
    """

    @staticmethod
    def forward(ctx: Any, y: Tensor, weights: Sequence[float], weighted: bool) -> Tensor:
        """Spikes, or their weighted sum."""
        rows = _rows(y)
        steps = np.array(weights, rows.dtype)
        ones, zeros = (np.full(lif_kernels.WIDTH, n, rows.dtype) for n in (1, 0))
        spikes = np.empty((1 if weighted else len(steps), rows.shape[1]), rows.dtype)
        v = np.zeros(rows.shape[1], rows.dtype)
        _run(
            lambda a, b: lif_kernels.forward(
                rows, steps, ones, zeros, *_neuron(rows), v, spikes, a, b
            ),
            rows.shape[1],
            len(ones),
            len(steps),
        )
        ctx.save_for_backward(y)
        ctx.steps, ctx.ones, ctx.zeros = steps, ones, zeros
        return _shaped(spikes, y, len(spikes))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Gradient of y."""
        (y,) = ctx.saved_tensors
        rows, grad, ones, zeros = _rows(y), _rows(grads[0]), ctx.ones, ctx.zeros
        grad_x = np.empty_like(rows)
        neuron = (*_neuron(rows), rows.dtype.type(SURROGATE_HALF_WIDTH))
        unused = np.zeros((2, PIECES, 1))
        bounds = _bounds(rows.shape[1], len(ones))

        def through_time(i: int) -> None:
            lif_kernels.backward(
                rows, ctx.steps, ones, zeros, zeros, ones, *neuron, grad, grad_x,
                unused[0, i], unused[1, i], *bounds[i],
            )  # fmt: skip

        _each(through_time, len(bounds), rows.size)
        return _shaped(grad_x, y, len(y)), None, None


def _statistics(rows: NDArray[Any], channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and biased variance per channel, in float64."""
    bounds = _bounds(rows.shape[1], lif_kernels.block_width(channels))
    total, square = np.zeros((2, PIECES, channels))
    _each(
        lambda i: lif_kernels.sums(rows, channels, *bounds[i], total[i], square[i]),
        len(bounds),
        rows.size,
    )
    count = rows.size / channels
    offset = total.sum(0) / count
    return rows[0, :channels] + offset, np.maximum(square.sum(0) / count - offset**2, 0)


def _neuron(rows: NDArray[Any]) -> tuple[Any, Any]:
    """dt/τ and the threshold in the array's precision, as torch takes a Python number."""
    return rows.dtype.type(DT * TAU_MEM_INV), rows.dtype.type(V_TH)


def _rows(x: Tensor) -> NDArray[Any]:
    """(T, B, C, …) → (T, M) with channels innermost: a view where the tensor lies so."""
    if x.ndim > 3:
        x = x.movedim(2, -1)
    return x.contiguous().view(len(x), -1).numpy()


def _shaped(rows: NDArray[Any], like: Tensor, steps: int) -> Tensor:
    """The inverse of `_rows`: (T, M) → (T, B, C, …), still with channels innermost."""
    x = torch.from_numpy(rows)
    if like.ndim <= 3:
        return x.view(steps, *like.shape[1:])
    batch, channels, *space = like.shape[1:]
    return x.view(steps, batch, *space, channels).movedim(-1, 2)


def _tiled(per_channel: NDArray[Any], width: int, dtype: Any) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # a training that diverges is told so by its loss
        return np.tile(per_channel.astype(dtype), width // len(per_channel))


def _bounds(columns: int, width: int) -> list[tuple[int, int]]:
    """At most PIECES stretches of whole blocks."""
    blocks = -(-columns // width)
    edges = [min(columns, blocks * i // PIECES * width) for i in range(PIECES + 1)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def _run(job: Callable[[int, int], None], columns: int, width: int, steps: int) -> None:
    bounds = _bounds(columns, width)
    _each(lambda i: job(*bounds[i]), len(bounds), columns * steps)


def _each(job: Callable[[int], None], pieces: int, elements: int) -> None:
    """All pieces, on as many threads as torch uses; kernels release the interpreter's lock."""
    threads = torch.get_num_threads()
    if threads == 1 or elements < SMALL:
        for piece in range(pieces):
            job(piece)
    else:
        list(_pool(threads).map(job, range(pieces)))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="lif")
