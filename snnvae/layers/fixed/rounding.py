"""Real parameters as the compiler rounds them, with gradients that pass straight through.

All is computed in float64, so that a parameter rounds alike whatever precision the model runs in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnvae.primitives import fixed_point
from snnvae.primitives.parameters import FixedBias


class WholeWeight(torch.autograd.Function):
    """w → clip(2·round(w·scale/2), −256, 254): `deploy.fixed.rounding.rounded`.

    ∂/∂w = scale where nothing is clipped, else 0.
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor, scale: float) -> Tensor:
        """Even whole numbers, in the type of `weight`."""
        whole = 2 * torch.round(weight.double() * scale / 2)
        ctx.scale = scale
        ctx.save_for_backward((whole >= fixed_point.WEIGHT_MIN) & (whole <= fixed_point.WEIGHT_MAX))
        return whole.clamp(fixed_point.WEIGHT_MIN, fixed_point.WEIGHT_MAX).to(weight.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Passes gradients straight through."""
        (inside,) = ctx.saved_tensors
        return grads[0] * ctx.scale * inside, None


class WholeBias(torch.autograd.Function):
    """b → mantissa·2^exponent in membrane units, one exponent for all: `FixedBias.of`."""

    @staticmethod
    def forward(ctx: Any, bias: Tensor, scale: float) -> Tensor:
        """Returns whole numbers, in the type of `bias`."""
        ctx.units = scale * (1 << fixed_point.ACTIVATION_SHIFT)
        whole = FixedBias.of(bias.detach().double().cpu().numpy(), scale).value
        return torch.from_numpy(np.asarray(whole)).to(bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Passes gradients straight through."""
        return grads[0] * ctx.units, None


class WholeCurrent(torch.autograd.Function):
    """i → round(i·scale): currents that the host sends, `hardware_sim.host.host_currents`."""

    @staticmethod
    def forward(ctx: Any, current: Tensor, scale: float) -> Tensor:
        """Returns whole numbers."""
        ctx.scale = scale
        return torch.round(current * scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Passes gradients straight through."""
        return grads[0] * ctx.scale, None
