"""Spikes drawn at rates, with a gradient for the rates (Zhan et al., arXiv 2310.14839)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

DRAW_HALF_WIDTH = 0.5
"""|r − U| below which the gradient of a draw passes, with height 1."""


def even_numbers(shape: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """(T, …): of each column (j + u)/T in a random order, as `snnvae.draws.even` has it."""
    steps, *rest = shape
    order = torch.rand(shape, generator=generator).argsort(0)
    return (order + torch.rand(rest, generator=generator)) / steps


def draw_numbers(shape: tuple[int, int, int], generator: torch.Generator, even: bool) -> Tensor:
    """What rates are compared with: `even_numbers`, or independent ones."""
    draw = even_numbers if even else torch.rand
    return draw(shape, generator=generator)


class RateDraw(torch.autograd.Function):
    """z = (r > U); ∂z/∂r is replaced by [|r − U| < 0.5]."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, uniform: Tensor) -> Tensor:
        """The draw, 0.0 or 1.0, of the shape of both."""
        ctx.save_for_backward(rate, uniform)
        return (rate > uniform).to(rate.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradient of the rate; the uniform has none."""
        rate, uniform = ctx.saved_tensors
        return grads[0] * ((rate - uniform).abs() < DRAW_HALF_WIDTH), None
