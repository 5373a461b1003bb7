"""The chain of errors: encoder ≥ its best rates ≥ the best spikes, each against a known answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from snnvae.families.images.config import Config
from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.gaps import Errors, encoder_errors, length, measure
from snnvae.families.images.diagnosis.patterns import best_pattern
from snnvae.families.images.diagnosis.posterior import encoder_draw, encoder_rates, rate_draw
from snnvae.families.images.diagnosis.rates import optimise_rates
from snnvae.families.images.family import FAMILY
from snnvae.families.images.vae import SpikingVAE
from snnvae.progress import NoProgress
from snnvae.train.build import build
from snnvae.train.family import Samples

Of = Callable[[str], SpikingVAE]
QUIET = NoProgress()
both = pytest.mark.parametrize("kind", ["esvae", "fsvae"])


class Counted(NoProgress):
    def __init__(self) -> None:
        self.done = 0

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.done += n


@both
def test_the_encoders_loss_is_that_of_the_models_own_draws(
    kind: str, digits: Of, subject_of: Any
) -> None:
    """Draw 0 is the one that `snnvae evaluate` sees."""
    subject = subject_of(digits(kind), seed=7)
    images = subject.images.numpy()
    single = [
        FAMILY.error_of(subject.net, Samples({"image": images}), subject.key(d)) for d in range(3)
    ]
    assert subject.key(0) == 7
    assert len(set(single)) == 3
    assert encoder_errors(subject, 3)[0].mean() == pytest.approx(np.mean(single), rel=1e-4)


@both
def test_a_draw_is_of_the_rates(kind: str, digits: Of, subject_of: Any) -> None:
    subject = subject_of(digits(kind))
    rates = encoder_rates(subject)
    config = subject.net.config
    steps = 1 if kind == "esvae" else config.steps
    assert rates.shape == (steps, len(subject.images), config.latent)
    drawn = torch.stack([rate_draw(rates, subject, d) for d in range(200)])
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), rates.expand(drawn.shape[1:]), atol=0.2, rtol=0)
    if kind == "esvae":
        assert torch.equal(encoder_draw(subject, 4), rate_draw(rates, subject, 4))


@both
def test_each_step_down_the_chain_is_a_gain(kind: str, digits: Of, subject_of: Any) -> None:
    counted = Counted()
    errors = measure(subject_of(digits(kind)), 4, 20, counted)
    assert errors.rates.mean() < errors.encoder.mean()
    assert (errors.pattern <= errors.rates + 1e-7).all()
    assert (errors.pattern > 0).all()
    assert (errors.spread > 0).all()
    assert (errors.spread < errors.encoder).all()
    assert counted.done == length(20)


@both
def test_a_damaged_encoder_shows_in_the_encoders_part_alone(
    kind: str, digits: Of, subject_of: Any
) -> None:
    whole, damaged = digits(kind), digits(kind)
    weight = damaged.encoder["latent"].synapse.weight
    order = torch.randperm(weight.numel(), generator=torch.Generator().manual_seed(0))
    weight.copy_(weight.flatten()[order].view_as(weight))
    before, after = (measure(subject_of(net), 4, 40, QUIET) for net in (whole, damaged))
    gap = (before.encoder - before.rates).mean()
    assert (after.encoder - after.rates).mean() > 4 * gap
    assert after.pattern.mean() == pytest.approx(before.pattern.mean(), rel=0.35)


def test_rates_of_0_and_1_have_no_spread(digits: Of, subject_of: Any) -> None:
    net = digits("esvae")
    latent = net.encoder["latent"].synapse
    latent.weight.zero_()
    always = torch.arange(32) % 3 == 0
    latent.bias.copy_(2.0 * always - 1)
    subject = subject_of(net)
    assert set(encoder_rates(subject).unique().tolist()) == {0.0, 1.0}
    errors, spread = encoder_errors(subject, 3)
    assert (spread == 0).all()
    z = always.float().expand(16, len(errors), 32)
    np.testing.assert_allclose(errors, subject.errors(z), rtol=1e-6)


@both
def test_the_same_seed_gives_the_same_figures(kind: str, digits: Of, subject_of: Any) -> None:
    def figures(seed: int) -> Errors:
        return measure(subject_of(digits(kind), seed), 2, 3, QUIET)

    first, again, other = figures(0), figures(0), figures(1)
    for name in ("encoder", "rates", "pattern", "spread"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


class Enumerable:
    """An ESVAE of three steps and two latents: every pattern, and every expectation, is known."""

    steps, latent = 3, 2

    def __init__(self) -> None:
        config = Config("esvae", widths=(4,), latent=self.latent, steps=self.steps)
        net = build(config).eval()
        assert isinstance(net, SpikingVAE)
        generator = torch.Generator().manual_seed(3)
        net = net.folded()
        for parameter in net.decoder.parameters():
            parameter.normal_(0.05, 0.5, generator=generator)
        bits = list(product((0.0, 1.0), repeat=self.steps * self.latent))
        self.patterns = torch.tensor(bits).view(-1, self.steps, self.latent)
        drawn = net.decode(self.patterns.transpose(0, 1))
        # Each image lies between two that the decoder draws.
        first, second = (torch.randint(len(bits), (6,), generator=generator) for _ in range(2))
        images = 0.7 * drawn[first] + 0.3 * drawn[second]
        self.subject = DiagnosisCase(net, images, range(6), 0)
        self.errors = ((drawn[:, None] - images) ** 2).flatten(2).mean(2)

    def expected(self, rates: Tensor) -> Tensor:
        """Exactly: Σ_z p(z | r)·error(z), rates (1, B, L) → (B,)."""
        r = rates[0].double()[None, :, None]
        z = self.patterns.double()[:, None]
        likely = (r * z + (1 - r) * (1 - z)).flatten(2).prod(2)
        return (likely * self.errors).sum(0)


@pytest.fixture(scope="module")
def enumerable() -> Enumerable:
    return Enumerable()


def test_no_single_flip_betters_the_best_spikes(enumerable: Enumerable) -> None:
    subject, start = enumerable.subject, torch.full((1, 6, 2), 0.5)
    found = best_pattern(subject, start, 2, 60, QUIET)
    torch.testing.assert_close(subject.errors(found.z), found.errors)
    assert (found.errors >= enumerable.errors.min(0).values - 1e-7).all()
    draws = torch.stack([subject.errors(rate_draw(start, subject, d)) for d in range(2)])
    assert (found.errors <= draws.min(0).values).all()
    assert (found.errors < draws.min(0).values).any()
    for t, unit in product(range(enumerable.steps), range(enumerable.latent)):
        flipped = found.z.clone()
        flipped[t, :, unit] = 1 - flipped[t, :, unit]
        assert (subject.errors(flipped) >= found.errors - 1e-7).all()


def test_best_rates_come_close_to_those_of_a_grid(enumerable: Enumerable) -> None:
    start = torch.full((1, 6, 2), 0.5)
    best = optimise_rates(enumerable.subject, start, 100, QUIET)
    assert best.min() >= 0
    assert best.max() <= 1
    found, before = enumerable.expected(best).mean(), enumerable.expected(start).mean()
    axis = torch.linspace(0, 1, 21)
    grid = torch.stack(
        [enumerable.expected(torch.tensor([a, b]).expand(1, 6, 2)) for a in axis for b in axis]
    )
    least = grid.min(0).values.mean()
    assert before > 1.3 * least
    assert found - least < 0.3 * (before - least)


def test_the_start_is_kept_where_nothing_is_better(enumerable: Enumerable) -> None:
    """From the best pattern as rates of 0 and 1, there is no way but up."""
    least = enumerable.errors.argmin(0)
    constant = [(p == p[:1]).all() for p in enumerable.patterns[least]]
    start = enumerable.patterns[least].mean(1)[None]
    best = optimise_rates(enumerable.subject, start, 10, QUIET)
    kept = (best == start).all(dim=(0, 2))
    assert [bool(k) for k, c in zip(kept, constant) if c] == [True] * sum(map(bool, constant))
