"""The fast loss and the wiring are one network: the same spikes in every layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.activity import activity
from snnvae.layers.wiring import Delay
from snnvae.train.operations import Meter


@pytest.mark.parametrize("name", ["esvae", "fsvae", "conditional_esvae", "conditional_fsvae"])
def test_a_training_step_fires_as_the_wiring_does(
    request: pytest.FixtureRequest, images: Callable[..., Tensor], name: str
) -> None:
    model: SpikingVAE = request.getfixturevalue(name).folded().double().requires_grad_()
    image, label, seed = images(5).double(), torch.arange(5) % 3, torch.Generator().manual_seed(3)
    if not model.config.conditional:
        label = None
    shown = shown_by(model)
    model.loss(image, seed, 0.0, label)
    streams = {"image": image.expand(model.steps, *image.shape), "z": shown["z"]}
    if label is not None:
        streams["class"] = F.one_hot(label, 3).double().expand(model.steps, -1, -1)
    if not isinstance(model, ESVAE):
        # The first thing that the loss draws.
        shape = (model.steps, len(image), model.config.latent)
        index = torch.randint(model.config.k, shape, generator=torch.Generator().manual_seed(3))
        streams["choice"] = F.one_hot(index, model.config.k).flatten(2).double()
    compared = set()
    for stage in model.stages("autoencoder"):
        wiring = model.wiring(stage)
        found = activity(wiring, {port.name: streams[port.name] for port in wiring.ports}).spikes
        for cell in wiring.cells:
            if cell.path in shown and not isinstance(cell.neuron, Delay):
                assert 0 < shown[cell.path].mean() < 1, cell.path
                assert torch.equal(found[cell.name].flatten(2), shown[cell.path].flatten(2))
                compared.add(cell.path)
    assert compared >= {"encoder.0", "encoder.latent", "decoder.input", "decoder.1"}
    assert isinstance(model, ESVAE) or compared >= {"posterior.0", "posterior.2", "z"}


def shown_by(model: SpikingVAE) -> dict[str, Tensor]:
    """Fills with what a training step shows to those that count."""
    shown: dict[str, Tensor] = {}
    Meter(model)

    def keep(path: str, spikes: Tensor) -> None:
        if torch.is_grad_enabled():
            shown[path] = spikes.detach()

    for path, module in model.named_modules():
        if hasattr(module, "tally") and path:
            module.tally = lambda spikes, path=path: keep(path, spikes)
    model.tally = keep
    return shown
