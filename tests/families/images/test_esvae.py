"""ESVAE: how it draws, what it learns from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from snnvae.deploy.compile import compile_graph
from snnvae.draws.mixture import Mixture
from snnvae.errors import ConfigError
from snnvae.families.images.config import Config
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fitted_prior import LEAST_VARIANCE, fit_prior
from snnvae.families.images.fsvae import FSVAE
from snnvae.layers.rate_draw import RateDraw, even_numbers
from snnvae.train.build import build
from snnvae.train.family import Samples
from snnvae.train.to_nir import to_nir


def test_draw_fires_where_the_rate_exceeds_the_uniform() -> None:
    rate, uniform = torch.tensor([0.5, 0.5, 0.0, 1.0]), torch.tensor([0.4, 0.5, 0.0, 0.999])
    assert RateDraw.apply(rate, uniform).tolist() == [1, 0, 0, 1]


def test_gradient_of_a_draw_passes_within_half_of_the_uniform() -> None:
    rate = torch.tensor([0.1, 0.1, 0.9, 0.9], requires_grad=True)
    RateDraw.apply(rate, torch.tensor([0.59, 0.61, 0.41, 0.39])).sum().backward()
    assert rate.grad is not None
    assert rate.grad.tolist() == [1, 0, 1, 0]


def test_even_numbers_lie_in_each_part_once() -> None:
    numbers = even_numbers((8, 5, 3), generator=torch.Generator().manual_seed(0))
    parts = (8 * numbers).floor()
    assert (parts.sort(0).values == torch.arange(8.0)[:, None, None]).all()
    assert not (parts == parts[:, :1]).all()
    assert len((8 * numbers - parts).unique()) > 8  # of columns a remainder each


def test_a_fitted_prior_draws_what_its_encoder_says(esvae: ESVAE) -> None:
    """The mean and covariance of a mixture at its best are those of what it was fitted to."""
    images = torch.rand(800, 1, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1
    images *= torch.linspace(0.1, 1, 800)[:, None, None, None]
    fitted = fit_prior(esvae, Samples({"image": images.numpy()}), 4)
    rates = esvae.folded().double().encoder.constant(images.double(), esvae.steps).mean(0).numpy()
    draw = fitted.prior_draw()
    assert isinstance(draw, Mixture)
    (p,), mean, factor = draw.p, draw.mean.astype(float), draw.factor.astype(float)
    np.testing.assert_allclose(p @ mean, rates.mean(0), atol=1e-6)
    square = factor @ factor.swapaxes(1, 2) + mean[:, :, None] * mean[:, None]
    wanted = rates.T @ rates / 800 + LEAST_VARIANCE * np.eye(rates.shape[1])
    np.testing.assert_allclose(np.einsum("k,kij->ij", p, square), wanted, atol=1e-6)
    program = compile_graph(to_nir(fitted)).program
    assert [draw.kind for draw in program.draws] == ["mixture"]
    cool = fit_prior(esvae, Samples({"image": images.numpy()}), 4, temperature=0.5).prior_draw()
    assert isinstance(cool, Mixture)
    np.testing.assert_allclose(cool.factor, draw.factor / 2, rtol=1e-6, atol=1e-30)  # of float32
    np.testing.assert_array_equal(cool.mean, draw.mean)
    with pytest.raises(ConfigError, match="fitted to this encoder as it is: train the model that"):
        fitted.optimizer()


def test_a_conditional_prior_is_fitted_to_each_class_by_itself(
    conditional_esvae: ESVAE, images: Callable[..., torch.Tensor]
) -> None:
    """Seven components for three classes: 3, 2 and 2, of the mean of the class's own rates."""
    label = np.arange(120) % 3
    brighter = images(120) + torch.from_numpy(label).float()[:, None, None, None] / 3
    fitted = fit_prior(conditional_esvae, Samples({"image": brighter.numpy()}, label), 7)
    draw = fitted.prior_draw()
    assert isinstance(draw, Mixture)
    assert [np.flatnonzero(row).tolist() for row in draw.p] == [[0, 1, 2], [3, 4], [5, 6]]
    net = conditional_esvae.folded().double()
    rates = net.encoder.constant(brighter.double(), net.steps).mean(0).numpy()
    wanted = [rates[label == c].mean(0) for c in range(3)]
    np.testing.assert_allclose(draw.p @ draw.mean.astype(float), wanted, atol=1e-6)
    assert not np.allclose(wanted[0], wanted[1], atol=1e-3)
    for components, said in (
        (2, "2 for 3 classes: give one for each"),
        (16, "16 for 40 images of"),
    ):
        with pytest.raises(ConfigError, match=f"`components` {said}"):
            fit_prior(fitted, Samples({"image": brighter.numpy()}, label), components)


def test_a_prior_of_more_components_than_images_tell_of_is_refused(
    esvae: ESVAE,
    fsvae: FSVAE,
    conditional_esvae: ESVAE,
    images: Callable[..., torch.Tensor],
) -> None:
    some = Samples({"image": images(20).numpy()})
    with pytest.raises(ConfigError, match="`components` 3 for 20 images: give 10 images for each"):
        fit_prior(esvae, some, 3)
    label = np.zeros(20, np.int64)
    classless = Samples({"image": images(20).numpy()}, label)
    with pytest.raises(ConfigError, match="no training images of class 1, 2"):
        fit_prior(conditional_esvae, classless, 3)
    with pytest.raises(ConfigError, match="an fsvae draws by a prior that is trained with it"):
        fit_prior(fsvae, some, 1)


def test_loss_is_mse_plus_weighted_mmd(
    tiny: Callable[..., Config], images: Callable[..., torch.Tensor]
) -> None:
    model = build(tiny("esvae", prior_weight=0.25))
    losses = model.loss(images(6), torch.Generator().manual_seed(0), 0.0)
    torch.testing.assert_close(losses.total, losses.reconstruction + 0.25 * losses.prior)


def test_every_parameter_learns(
    tiny: Callable[..., Config], images: Callable[..., torch.Tensor]
) -> None:
    model = build(tiny("esvae"))
    model.loss(images(32), torch.Generator().manual_seed(0), 0.0).total.backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias before tdBN is subtracted again with the mean.
    assert [n for n in silent if not n.endswith("synapse.bias")] == []


def test_prior_layer_learns_from_the_mmd_alone(
    tiny: Callable[..., Config], images: Callable[..., torch.Tensor]
) -> None:
    model = build(tiny("esvae"))
    assert isinstance(model, ESVAE)
    losses = model.loss(images(8), torch.Generator().manual_seed(0), 0.0)
    losses.reconstruction.backward(retain_graph=True)
    assert model.sample.weight.grad is None
    losses.prior.backward()
    assert model.sample.weight.grad is not None


def test_learning_rates_scale_with_the_batch_and_tenfold_for_the_prior(
    tiny: Callable[..., Config],
) -> None:
    model = build(tiny("esvae", lr=1e-3, batch=125))
    rest, own = model.optimizer_groups()
    assert rest["lr"] == pytest.approx(5e-4)
    assert own["lr"] == pytest.approx(5e-3)
    assert len(own["params"]) == 2
    assert len(rest["params"]) + 2 == len(list(model.parameters()))


def test_a_conditional_prior_learns_a_column_for_each_class(
    tiny: Callable[..., Config], images: Callable[..., torch.Tensor]
) -> None:
    model = build(tiny("esvae", conditional=True, classes=3))
    assert isinstance(model, ESVAE)
    label = torch.tensor([0, 1] * 4)  # none of class 2
    losses = model.loss(images(8), torch.Generator().manual_seed(0), 0.0, label)
    losses.prior.backward()
    assert model.sample.weight.grad is not None
    of_class = model.sample.weight.grad[:, -3:].abs().sum(0)
    assert (of_class[:2] > 0).all()
    assert of_class[2] == 0
    with pytest.raises(ValueError, match="needs the classes"):
        model.loss(images(8), torch.Generator().manual_seed(0), 0.0)
