"""FSVAE: the autoregressive draw, and what a training step passes through it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.families.images.config import Config
from snnvae.families.images.fsvae import (
    FSVAE,
    mean_rate,
    roll_out,
    running_statistics,
    select,
    shift,
)
from snnvae.families.images.losses import bernoulli_kl, psp_distance
from snnvae.train.build import build


def choices(steps: int, batch: int, latent: int, k: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(k, (steps, batch, latent), generator=generator)
    return F.one_hot(index, k).flatten(-2).float()


def prefix_roll_out(net: torch.nn.Module, k: int, choice: Tensor, context: Tensor | None) -> Tensor:
    """The authors' way: at each step, the whole prefix again from rest."""
    steps, batch, width = choice.shape
    z = torch.zeros(1, batch, width // k)
    for t in range(steps):
        x = z if context is None else torch.cat([context[: t + 1], z], -1)
        candidates = net(x)
        z = torch.cat([z, select(candidates[-1:], choice[t : t + 1], k)])
    return z[1:]


def test_select_takes_the_chosen_of_each_latents_k() -> None:
    candidates = torch.tensor([1.0, 0, 0, 0, 1, 1])
    first, last = torch.tensor([1.0, 0, 0, 1, 0, 0]), torch.tensor([0.0, 0, 1, 0, 0, 1])
    assert select(candidates, first, 3).tolist() == [1, 0]
    assert select(candidates, last, 3).tolist() == [0, 1]
    assert mean_rate(candidates, 3).tolist() == pytest.approx([1 / 3, 2 / 3])


def test_gradient_reaches_the_selected_candidates_only() -> None:
    candidates = torch.ones(6, requires_grad=True)
    choice = torch.tensor([0.0, 1, 0, 0, 0, 1])
    (select(candidates, choice, 3) * torch.tensor([2.0, 3.0])).sum().backward()
    assert candidates.grad is not None
    assert candidates.grad.tolist() == [0, 2, 0, 0, 0, 3]


def test_first_latent_sees_zero_before_it() -> None:
    z = torch.ones(3, 1, 2, requires_grad=True)
    assert shift(z).tolist() == [[[0, 0]], [[1, 1]], [[1, 1]]]
    assert not shift(z).requires_grad


@torch.no_grad()
@pytest.mark.parametrize("seed", range(3))
def test_carried_state_equals_recomputing_every_prefix(fsvae: FSVAE, seed: int) -> None:
    config = fsvae.config
    choice = choices(config.steps, 4, config.latent, config.k, seed)
    context = (torch.rand(config.steps, 4, config.latent) > 0.5).float()
    for net, given in ((fsvae.prior, None), (fsvae.posterior, context)):
        z = roll_out(net, config.k, choice, given)
        assert torch.equal(z, prefix_roll_out(net, config.k, choice, given))
        assert 0 < z.mean() < 1


@torch.no_grad()
def test_one_pass_over_shifted_z_reselects_the_same_z(fsvae: FSVAE) -> None:
    """In evaluation mode the pass with gradients sees exactly what was drawn."""
    config = fsvae.config
    choice = choices(config.steps, 4, config.latent, config.k)
    context = (torch.rand(config.steps, 4, config.latent) > 0.5).float()
    z = roll_out(fsvae.posterior, config.k, choice, context)
    candidates = fsvae.posterior(torch.cat([context, shift(z)], -1))
    assert torch.equal(select(candidates, choice, config.k), z)


def test_drawing_leaves_running_statistics_and_mode(fsvae: FSVAE) -> None:
    net = fsvae.prior.train()
    before = {name: value.clone() for name, value in net.named_buffers()}
    with running_statistics(net):
        roll_out(net, 3, choices(4, 2, 5, 3))
        assert not torch.is_grad_enabled()
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.named_buffers())
    net.eval()


@pytest.mark.parametrize("loss", ["psp", "kl"])
def test_loss_is_mse_plus_weighted_distance(
    tiny: Callable[..., Config],
    images: Callable[..., Tensor],
    monkeypatch: pytest.MonkeyPatch,
    loss: str,
) -> None:
    seen: list[tuple[Tensor, Tensor]] = []

    def spy(q: Tensor, p: Tensor) -> Tensor:
        seen.append((q, p))
        return {"psp": psp_distance, "kl": bernoulli_kl}[loss](q, p)

    name = {"psp": "psp_distance", "kl": "bernoulli_kl"}[loss]
    monkeypatch.setattr(f"snnvae.families.images.fsvae.{name}", spy)
    model = build(tiny("fsvae", prior_weight=0.25, prior_loss=loss))
    losses = model.loss(images(6), torch.Generator().manual_seed(0), 0.0)
    torch.testing.assert_close(losses.total, losses.reconstruction + 0.25 * losses.prior)
    (q, p), shape = seen[0], (model.config.steps, 6, model.config.latent)
    assert q.shape == p.shape == shape
    assert q.requires_grad
    assert p.requires_grad


def test_every_parameter_learns(tiny: Callable[..., Config], images: Callable[..., Tensor]) -> None:
    model = build(tiny("fsvae"))
    model.loss(images(32), torch.Generator().manual_seed(0), 0.0).total.backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert [n for n in silent if not n.endswith("synapse.bias")] == []


def test_scheduled_sampling_starts_at_step_five_and_uses_the_priors_own_guess(
    fsvae: FSVAE,
) -> None:
    z = (torch.rand(12, 4, 5, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    plain, differs = shift(z), torch.zeros(12)
    for seed in range(60):
        x = fsvae._scheduled(z, torch.Generator().manual_seed(seed), done=1.0)
        assert ((x == 0) | (x == 1)).all()
        differs += (x != plain).flatten(1).any(1).float()
    assert not differs[:6].any()  # x[t + 1] holds z_t, t counted from 0
    assert differs[6:].all()
    assert 0.1 < differs[6:].mean() / 60 < 0.5  # p = 0.3 at the end of training


def test_scheduled_guess_is_the_priors_majority(
    fsvae: FSVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnvae.families.images.fsvae.SCHEDULED_FIRST", 1.1)
    monkeypatch.setattr("snnvae.families.images.fsvae.SCHEDULED_NOISE", 0.0)
    z = (torch.rand(12, 4, 5, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    x = fsvae._scheduled(z, torch.Generator().manual_seed(0), done=0.0)
    with torch.no_grad():
        candidates = fsvae.prior(x)
    majority = (mean_rate(candidates, 3) > 0.5).float()
    assert torch.equal(x[6:], majority[5:-1])
    assert torch.equal(x[:6], shift(z)[:6])


def test_a_conditional_prior_sees_its_class_at_each_step(
    tiny: Callable[..., Config], images: Callable[..., torch.Tensor]
) -> None:
    """In training, scheduled sampling included, and in the draw; the posterior never does."""
    model = build(tiny("fsvae", steps=20, conditional=True, classes=3))
    assert isinstance(model, FSVAE)
    seen = {"prior": [], "posterior": []}
    for name, found in seen.items():
        first = getattr(model, name)["0"].synapse
        first.register_forward_hook(lambda _, inputs, __, found=found: found.append(inputs[0]))
    label = torch.tensor([0, 1, 2, 1])
    model.loss(images(4), torch.Generator().manual_seed(0), 1.0, label)
    hot, latent = F.one_hot(label, 3).float(), model.config.latent
    assert len(seen["prior"]) > 1  # guesses of its own, then all steps at once
    for x in seen["prior"]:
        for rows in x.split(4):
            assert torch.equal(rows[:, latent:], hot)
    assert {x.shape[-1] for x in seen["posterior"]} == {2 * latent}


@torch.no_grad()
def test_classes_join_the_carried_state(conditional_fsvae: FSVAE) -> None:
    config = conditional_fsvae.config
    choice = choices(config.steps, 2, config.latent, config.k)
    classes = conditional_fsvae.class_spikes(torch.tensor([2, 0]))
    assert classes is not None
    prior = conditional_fsvae.prior
    z, expected = torch.zeros(1, 2, config.latent), []
    for t in range(config.steps):
        candidates = prior(torch.cat([z, classes[: t + 1]], -1))
        z = torch.cat([z, select(candidates[-1:], choice[t : t + 1], config.k)])
        expected.append(z[-1])
    assert torch.equal(roll_out(prior, config.k, choice, classes=classes), torch.stack(expected))
