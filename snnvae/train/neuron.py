"""The neurons of the spiking VAEs: Norse's box cells, scanned over time, trainable.

FSVAE and ESVAE define their neuron by u[t] = u[t−1]/4·(1 − o[t−1]) + x[t], o[t] = u[t] > 0.2.
Norse's LIFBox has no gain R, so it runs in the coordinate v = 0.75·u, where inputs and weights stay
as they are: v' = v + 0.75·(x − v), spike where v' > 0.15, then reset to 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from snnvae.train.norse_cells import (
    LIBoxCell,
    LIBoxParameters,
    LIBoxState,
    LIFBoxCell,
    LIFBoxFeedForwardState,
    LIFBoxParameters,
)

DT = 1e-3
"""Time step in seconds (Norse's default)."""

TAU_MEM_INV = 750.0
"""1/τ of the spiking neurons in 1/s: dt/τ = 0.75, so a quarter of the membrane survives a step."""

V_TH = 0.15
"""Firing threshold in v = 0.75·u: the papers' 0.2."""

SURROGATE_HALF_WIDTH = 0.375
"""|v| below which the surrogate gradient passes: the papers' |u| < 0.5, centred at 0."""

READOUT_TAU_INV = 200.0
"""1/τ of the readout in 1/s: dt/τ = 0.2, decay 0.8 a step."""

READOUT_GAIN = 5.0
"""Norse's integrator adds 0.2·y where the papers add y."""


def lif_cell() -> LIFBoxCell:
    """The LIFBoxCell of the models; Python floats, so that it computes in its input's precision."""
    parameters = LIFBoxParameters(
        tau_mem_inv=TAU_MEM_INV, v_leak=0.0, v_th=V_TH, v_reset=0.0, method="super", alpha=100.0
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
    """`scan` forward; backward through time with the papers' rectangular surrogate.

    With a[t] = v[t−1] + c·(x[t] − v[t−1]), c = dt/τ, o[t] = a[t] > v_th, v[t] = (1 − o[t])·a[t],
    ∂o/∂a is replaced by [|a| < w] / (2w), w = 0.375: exactly the papers' [|u| < 0.5] in v = 0.75·u.
    """

    @staticmethod
    def forward(ctx: Any, cell: LIFBoxCell, x: Tensor, v0: Tensor) -> tuple[Tensor, Tensor]:
        """`scan(cell, x, v0)`."""
        spikes, membranes = scan(cell, x, v0)
        ctx.save_for_backward(x, v0, spikes, membranes)
        ctx.mark_non_differentiable(membranes)
        ctx.set_materialize_grads(False)
        return spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[None, Tensor | None, None]:
        """Gradient of x from that of the spikes; v0 and the membranes have none."""
        if grads[0] is None:
            return None, None, None
        x, v0, spikes, membranes = ctx.saved_tensors
        c, height = DT * TAU_MEM_INV, 1 / (2 * SURROGATE_HALF_WIDTH)
        grad_x, grad_v = torch.empty_like(x), torch.zeros_like(v0)
        # Step by step, so that what is touched stays in the cache.
        for t in range(len(x) - 1, -1, -1):
            a = torch.lerp(membranes[t - 1] if t else v0, x[t], c)
            window = (a.abs() < SURROGATE_HALF_WIDTH).to(x.dtype).mul_(height)
            through_spike = torch.addcmul(grads[0][t], grad_v, a, value=-1).mul_(window)
            grad_a = through_spike.addcmul_(grad_v, 1 - spikes[t])
            torch.mul(grad_a, c, out=grad_x[t])
            grad_v = grad_a.mul_(1 - c)
        return None, grad_x, None


class LIF(nn.Module):
    """Leaky integrate-and-fire over the first axis: currents (T, B, …) → spikes, membranes alike.

    Spikes are 0.0 or 1.0; membranes are those after reset, in v = 0.75·u, and carry no gradient.
    Pass the last membrane as `v` to go on where a call stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cell = lif_cell()

    def forward(self, x: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (T, B, …) from membrane v (B, …), or from rest → spikes, membranes."""
        v = x.new_zeros(x.shape[1:]) if v is None else v
        if torch.is_grad_enabled() and x.requires_grad:
            spikes, membranes = SurrogateScan.apply(self.cell, x, v)
            return spikes, membranes
        return scan(self.cell, x, v)


class Readout(nn.Module):
    """Non-spiking leaky integrator: (T, B, …) → Σ_s 0.8^(t−s)·y[s] at each step t (T, B, …).

    The image is the tanh of the last step.
    """

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
