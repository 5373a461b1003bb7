"""Training in less memory: a layer keeps its input, spikes in bits, and runs twice.

tdBN's statistics take all steps of a batch, so what is computed again is a layer with all its
steps rather than a stretch of time. What a layer would keep, its currents and its input in float32,
shrinks to a 64th.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnvae.layers.tdbn import TdBN

Run = Callable[[Tensor, "Sequence[float] | None"], Tensor]


def recomputed(run: Run, x: Tensor, weights: Sequence[float] | None, layer: nn.Module) -> Tensor:
    """run(x, weights), whose backward pass runs it again; x (T, B, …) are spikes."""
    out: Tensor = _Recomputed.apply(x, run, weights, layer, *layer.parameters())
    return out


class _Recomputed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        run: Run,
        weights: Sequence[float] | None,
        layer: nn.Module,
        *_: Tensor,
    ) -> Tensor:
        ctx.run, ctx.weights, ctx.layer = run, weights, layer
        ctx.packed, ctx.strides, ctx.dtype = _packed(x), x.stride(), x.dtype
        ctx.shape, ctx.device = x.shape, x.device
        # Mixed precision holds where the loss is computed, not where gradients are.
        kind = x.device.type
        ctx.mixed = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        return run(x, weights)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x = torch.empty_strided(ctx.shape, ctx.strides, dtype=ctx.dtype, device=ctx.device)
        _unpack(ctx.packed, x)
        x.requires_grad_(ctx.needs_input_grad[0])
        parameters = list(ctx.layer.parameters())
        norms = [m for m in ctx.layer.modules() if isinstance(m, TdBN)]
        for norm in norms:
            norm.frozen = True
        try:
            mixed, precision = ctx.mixed
            kind = ctx.device.type
            with torch.enable_grad(), torch.autocast(kind, dtype=precision, enabled=mixed):
                out = ctx.run(x, ctx.weights)
        finally:
            for norm in norms:
                norm.frozen = False
        wanted = ([x] if x.requires_grad else []) + parameters
        found = list(torch.autograd.grad(out, wanted, grads[0]))
        of_x = found.pop(0) if x.requires_grad else None
        return of_x, None, None, None, *found


def _packed(x: Tensor) -> Tensor:
    """A bit per element, in the order of memory."""
    bits = np.packbits(_flat(x.detach()).bool().cpu().numpy())
    return torch.from_numpy(bits).to(x.device)


def _unpack(bits: Tensor, x: Tensor) -> None:
    """Writes what `_packed` kept into x."""
    whole = np.unpackbits(bits.cpu().numpy(), count=x.numel())
    _flat(x).copy_(torch.from_numpy(whole))


def _flat(x: Tensor) -> Tensor:
    """Returns all elements in one row, as they lie in memory: a view."""
    return torch.as_strided(x, (x.numel(),), (1,), x.storage_offset())
