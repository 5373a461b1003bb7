"""The model: its loss is its wiring, its prior is the same for all classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snnvae.deploy.compile import compile_graph
from snnvae.families import registry
from snnvae.families.attributes.config import Config
from snnvae.families.attributes.model import AttributeVAE
from snnvae.layers.activity import activity
from snnvae.train.build import build
from snnvae.train.operations import Meter
from snnvae.train.to_nir import to_nir


def tiny(graded: bool = False) -> AttributeVAE:
    config = Config(
        "attribute-vae", inputs=10, classes=3, attributes=4, widths=(12,), decoder_widths=(8, 9),
        latent=5, steps=6,
    )  # fmt: skip
    model: AttributeVAE = build(config)
    values = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    model.table.copy_(values if graded else values.round())
    for module in model.modules():  # as if trained: statistics by which all layers fire
        if hasattr(module, "running_var"):
            module.running_var.fill_(0.01)
    return model


def batch(n: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    seed = torch.Generator().manual_seed(1)
    return 2 * torch.rand(n, 10, generator=seed) - 1, torch.arange(n) % 3


@pytest.mark.parametrize("graded", [False, True])
def test_a_training_step_fires_as_the_wiring_does(graded: bool) -> None:
    model = tiny(graded).folded().double().requires_grad_()
    x, label = batch()
    x, shown = x.double(), {}
    Meter(model)

    def keep(path: str, spikes: torch.Tensor) -> None:
        shown[path] = spikes.detach()

    model.tally = keep
    for path, module in model.named_modules():
        if hasattr(module, "tally") and path:
            module.tally = lambda spikes, path=path: keep(path, spikes)
    model((x, label), torch.Generator().manual_seed(3), 0.0)
    streams = {"values": x.expand(6, *x.shape), **shown}
    for part in model.stages("autoencoder"):
        wiring = model.wiring(part)
        found = activity(wiring, {port.name: streams[port.name] for port in wiring.ports})
        for cell, _ in wiring.layers():
            assert 0 < shown[cell.path].mean() < 1, cell.path
            assert torch.equal(found.spikes[cell.name], shown[cell.path])
    assert shown["attributes"].mean(0) == pytest.approx(model.table[label].double(), abs=0.7)


def test_the_loss_is_the_error_and_what_latents_tell() -> None:
    model = tiny()
    losses = model(batch(), torch.Generator().manual_seed(3), 0.0)
    weighted = losses.reconstruction + model.config.prior_weight * losses.prior
    assert losses.total.item() == pytest.approx(weighted.item())
    losses.total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert model.prior.grad is not None
    assert model.prior.grad.abs().min() > 0


def test_the_divergence_is_that_of_bernoulli_numbers() -> None:
    model = tiny()
    with torch.no_grad():
        model.prior.copy_(torch.tensor([0.0, 1, -1, 0.5, 0]))
    p, q = torch.sigmoid(model.prior).detach().expand(2, 5), torch.full((2, 5), 0.25)
    wanted = 6 * torch.distributions.kl_divergence(
        torch.distributions.Bernoulli(q), torch.distributions.Bernoulli(p)
    ).sum(1)
    assert model.divergence(q).item() == pytest.approx(wanted.mean().item(), rel=1e-5)
    assert model.divergence(p).item() == pytest.approx(0, abs=1e-5)


def test_latents_are_the_same_for_all_classes_and_attributes_are_not(glyphs: Path) -> None:
    _, model = registry.load(glyphs / "model.pt")
    program = compile_graph(to_nir(model)).program
    z, attributes = sorted(program.draws, key=lambda draw: draw.port, reverse=True)
    one, other = (z.stream(range(5), 4, 0, [c] * 5) for c in (3, 44))
    np.testing.assert_array_equal(one, other)
    table = attributes.stream(range(50), 1, 0, range(50))[:, 0]
    np.testing.assert_array_equal(table, model.table.numpy() > 0)
    assert program.classes == 50


def test_it_keeps_what_it_was_trained_on(glyphs: Path) -> None:
    config, model = registry.load(glyphs / "model.pt")
    found = config.family.data(config).described
    assert model.fits(found)
    model.table[3, 3] = 0.5
    assert not model.fits(found)
    assert model.is_graded
