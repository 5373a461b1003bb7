"""The neurons of the spiking VAEs: Norse's box cells, scanned over time, trainable."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from snnvae.layers import fused
from snnvae.layers.constants import DT, READOUT_GAIN, READOUT_TAU_INV
from snnvae.layers.lif_rule import PAPERS, LIFRule, Window
from snnvae.layers.norse_cells import (
    LIBoxCell,
    LIBoxParameters,
    LIBoxState,
    LIFBoxCell,
    LIFBoxFeedForwardState,
    LIFBoxParameters,
)
from snnvae.layers.rows import is_supported


def lif_cell(rule: LIFRule = PAPERS, v_th: float | None = None) -> LIFBoxCell:
    """The LIFBoxCell of a rule, its threshold unless another is given; Python floats, so that it
    computes in its input's precision."""
    parameters = LIFBoxParameters(
        tau_mem_inv=rule.tau_mem_inv,
        v_leak=0.0,
        v_th=rule.v_th if v_th is None else v_th,
        v_reset=0.0,
        method="super",
        alpha=100.0,
    )
    return LIFBoxCell(parameters, dt=DT)


def scan(cell: LIFBoxCell, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Runs `cell` over x (T, B, …) from membrane v (B, …) → spikes, membranes after reset."""
    spikes, membranes = torch.empty_like(x), torch.empty_like(x)
    for t, current in enumerate(x):
        spikes[t], state = cell(current, LIFBoxFeedForwardState(v=v))
        v = membranes[t] = state.v
    return spikes, membranes


class SurrogateScan(torch.autograd.Function):
    """`scan` forward; backward through time with a surrogate.

    With a[t] = v[t−1] + c·(x[t] − v[t−1]), c = dt/τ, o[t] = a[t] > v_th, v[t] = (1 − o[t])·a[t],
    ∂o/∂a is replaced by the rule's window: the papers' is [|a| < w] / (2w), w = 0.375, which is
    [|u| < 0.5] in v = 0.75·u.
    """

    @staticmethod
    def forward(
        ctx: Any, cell: LIFBoxCell, rule: LIFRule, x: Tensor, v0: Tensor
    ) -> tuple[Tensor, Tensor]:
        """`scan(cell, x, v0)`."""
        spikes, membranes = scan(cell, x, v0)
        ctx.save_for_backward(x, v0, spikes, membranes)
        ctx.rule = rule
        ctx.mark_non_differentiable(membranes)
        ctx.set_materialize_grads(False)
        return spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[None, None, Tensor | None, None]:
        """Gradient of x from that of the spikes; v0 and the membranes have none."""
        if grads[0] is None:
            return None, None, None, None
        x, v0, spikes, membranes = ctx.saved_tensors
        c, rule_window = ctx.rule.c, ctx.rule.window
        grad_x, grad_v = torch.empty_like(x), torch.zeros_like(v0)
        # Step by step, so that what is touched stays in the cache.
        for t in range(len(x) - 1, -1, -1):
            a = torch.lerp(membranes[t - 1] if t else v0, x[t], c)
            window = window_of(a, rule_window)
            through_spike = torch.addcmul(grads[0][t], grad_v, a, value=-1).mul_(window)
            grad_a = through_spike.addcmul_(grad_v, 1 - spikes[t])
            torch.mul(grad_a, c, out=grad_x[t])
            grad_v = grad_a.mul_(1 - c)
        return None, None, grad_x, None


def window_of(a: Tensor, window: Window) -> Tensor:
    """∂o/∂a at the membranes a, by torch."""
    smooth, centre, width, height = window.of(float)
    if smooth:
        return height / (1 + ((a - centre) / width) ** 2)
    return (a.abs() < width).to(a.dtype).mul_(height)


class LIF(nn.Module):
    """Leaky integrate-and-fire over the first axis: currents (T, B, …) → spikes, last membrane.

    Spikes are 0.0 or 1.0; the membrane is that after reset, in v = c·u, and carries no gradient.
    Pass it as `v` to go on where a call stopped. `cell` defines what is computed; without gradients
    the compiled form of it runs on a CPU, bit for bit the same.
    """

    def __init__(self, rule: LIFRule = PAPERS, v_th: float | None = None) -> None:
        super().__init__()
        self.rule = rule
        self.cell = lif_cell(rule, v_th)

    def forward(self, x: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (T, B, …) from membrane v (B, …), or from rest → spikes (T, B, …), membrane (B, …)."""
        v = x.new_zeros(x.shape[1:]) if v is None else v
        if torch.is_grad_enabled() and x.requires_grad:
            spikes, membranes = SurrogateScan.apply(self.cell, self.rule, x, v)
            return spikes, membranes[-1]
        if is_supported(x):
            return fused.lif(x, v, self.rule, self.cell.p.v_th)
        spikes, membranes = scan(self.cell, x, v)
        return spikes, membranes[-1]


class Readout(nn.Module):
    """Non-spiking leaky integrator: (T, B, …) → Σ_s 0.8^(t−s)·y[s] at each step t (T, B, …)."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = LIBoxCell(LIBoxParameters(tau_mem_inv=READOUT_TAU_INV, v_leak=0.0), dt=DT)

    def forward(self, y: Tensor) -> Tensor:
        """(T, B, …) → (T, B, …), from rest."""
        state, membranes = LIBoxState(v=torch.zeros_like(y[0])), []
        for current in y:
            v, state = self.cell(current, state)
            membranes.append(v)
        return READOUT_GAIN * torch.stack(membranes)

    @staticmethod
    def weights(steps: int) -> list[float]:
        """0.8^(T−1−t): what each step counts in the last membrane."""
        decay = 1 - DT * READOUT_TAU_INV
        return [decay ** (steps - 1 - t) for t in range(steps)]
