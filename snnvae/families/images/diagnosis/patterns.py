"""The best latent spikes of single images: what the decoder can draw if nothing stands before it.

A search, so that what it finds is an upper bound of the least error.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.posterior import rate_draw
from snnvae.progress import Progress

LEARNING_RATE = 0.05
INERTIA = 0.5
"""Where the real numbers behind the spikes begin: |w|, within [0, 1]."""
ROUNDS, FLIPS = 8, 64
"""Of single flips; each round ranks them by the gradient, and tries the most promising, at most as
many as there were iterations."""
WORTH = 0.01
"""Part of the error that a round must take away for another one to follow."""


class StraightThrough(torch.autograd.Function):
    """z = (w > 0); ∂z/∂w is replaced by 1."""

    @staticmethod
    def forward(ctx: Any, w: Tensor) -> Tensor:
        """Spikes, 0.0 or 1.0, of the shape of w."""
        return (w > 0).to(w.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        """The spikes' gradient as it is."""
        return grads[0]


class Best:
    """The best pattern seen of each image, z (T, B, L), and its error (B,)."""

    def __init__(self, z: Tensor, errors: Tensor) -> None:
        self.z, self.errors = z.clone(), errors.clone()

    def offer(self, z: Tensor, errors: Tensor) -> None:
        """Takes what is better, image by image."""
        better = errors < self.errors
        self.z[:, better], self.errors[better] = z[:, better], errors[better]


def best_pattern(
    subject: DiagnosisCase, rates: Tensor, draws: int, iterations: int, progress: Progress
) -> Best:
    """Spikes in {0, 1}^(T × L) of least MSE, image by image, begun from draws 0 … draws − 1.

    The best of these draws of `rates` (S, B, L), then Adam on real numbers whose sign is the spike,
    then single flips in the order that the gradient suggests. Never worse than any of the draws.
    `progress` advances iterations + ROUNDS.
    """
    best = _best_draw(subject, rates, draws)
    w = (INERTIA * (2 * best.z - 1)).requires_grad_()
    optimizer = torch.optim.Adam([w], lr=LEARNING_RATE)
    for _ in range(iterations):
        z = StraightThrough.apply(w)
        errors = subject.errors(z)
        best.offer(z.detach(), errors.detach())
        optimizer.zero_grad()
        errors.sum().backward()
        optimizer.step()
        with torch.no_grad():
            w.clamp_(-1, 1)
        progress.advance(1, mse=best.errors.mean().item())
    for i in range(ROUNDS):
        before = best.errors.mean().item()
        _flip(subject, best, min(FLIPS, iterations))
        after = best.errors.mean().item()
        enough = after > (1 - WORTH) * before
        progress.advance(ROUNDS - i if enough else 1, mse=after)
        if enough:
            break
    return best


@torch.no_grad()
def _best_draw(subject: DiagnosisCase, rates: Tensor, draws: int) -> Best:
    first, *others = (rate_draw(rates, subject, d) for d in range(draws))
    best = Best(first, subject.errors(first))
    for z in others:
        best.offer(z, subject.errors(z))
    return best


def _flip(subject: DiagnosisCase, best: Best, tries: int) -> None:
    """One round: each image tries its own most promising flips, one after the other."""
    z = best.z.clone().requires_grad_()
    subject.errors(z).sum().backward()
    assert z.grad is not None
    # To first order a flip changes the error by gradient · (1 − 2z).
    promise = (z.grad * (2 * best.z - 1)).transpose(0, 1).flatten(1)
    order = promise.argsort(dim=1, descending=True)[:, :tries]
    latent = best.z.shape[-1]
    images = torch.arange(len(order))
    with torch.no_grad():
        for flip in order.unbind(1):
            t, unit = flip // latent, flip % latent
            tried = best.z.clone()
            tried[t, images, unit] = 1 - tried[t, images, unit]
            best.offer(tried, subject.errors(tried))
