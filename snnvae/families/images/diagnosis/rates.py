"""The best rates of single images, by gradient: what a perfect encoder of the same family says."""

from __future__ import annotations

import torch
from torch import Tensor

from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.posterior import rate_draw
from snnvae.layers.rate_draw import RateDraw, draw_numbers
from snnvae.progress import Progress
from snnvae.train.randomness import generator

LEARNING_RATE = 0.05
"""Of Adam on rates in [0, 1]; it falls to a tenth."""
CHECK_EVERY = 10
CHOOSING, CHOOSING_DRAWS = 1 << 32, 4
"""Draws that choose among the iterates: none of them judges."""


def optimise_rates(
    subject: DiagnosisCase, start: Tensor, iterations: int, progress: Progress
) -> Tensor:
    """Rates (S, B, L) in [0, 1] that minimise each image's expected MSE, from `start`.

    Adam, a fresh draw z = (r > U) an iteration, gradients by the models' own surrogates. Of each
    image the iterate is kept that is best by draws of its own; `start` is one of them.
    """
    shape = (subject.steps, *start.shape[1:])
    rates = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([rates], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, iterations)
    best, least = start.clone(), expected_errors(subject, start, CHOOSING, CHOOSING_DRAWS)
    for i in range(iterations):
        draws = generator(subject.seed, "diagnosis-rates", subject.samples[0], i)
        z = RateDraw.apply(rates.expand(shape), draw_numbers(shape, draws, subject.net.config.even))
        optimizer.zero_grad()
        # A sum, so that each image's gradient is its own.
        loss = subject.errors(z).sum()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            rates.clamp_(0, 1)
        if i % CHECK_EVERY == CHECK_EVERY - 1 or i == iterations - 1:
            now = rates.detach()
            errors = expected_errors(subject, now, CHOOSING, CHOOSING_DRAWS)
            better = errors < least
            best[:, better], least[better] = now[:, better], errors[better]
        progress.advance(1, mse=loss.item() / len(subject.images))
    return best


@torch.no_grad()
def expected_errors(subject: DiagnosisCase, rates: Tensor, first: int, draws: int) -> Tensor:
    """Returns each image's MSE (B,), mean of independent draws first … first + draws − 1 of the
    rates."""
    errors = [subject.errors(rate_draw(rates, subject, first + d)) for d in range(draws)]
    return torch.stack(errors).mean(0)
