"""Tiny models of both kinds, all their numbers away from their first values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from snnvae.families.images.config import Config
from snnvae.families.images.vae import SpikingVAE
from snnvae.train import checkpoint
from snnvae.train.build import build

torch.set_num_threads(1)  # tensors this small only wait for each other


def lively(model: str) -> SpikingVAE:
    kind, _, conditional = model.partition(" ")
    settings = {"widths": (4, 6), "latent": 5, "k": 3, "steps": 7, "batch": 500, "epochs": 1}
    classes = {"conditional": True, "classes": 10} if conditional else {}
    net = build(Config.default(kind, **settings, **classes))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "norm.weight" in name:
                parameter.uniform_(0.7, 2.0, generator=generator)
            elif "norm.bias" in name:
                parameter.uniform_(0.0, 0.25, generator=generator)
        for seed in range(40):  # lets the running statistics settle
            images = torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
            net.loss(images, generator, 0.5, torch.arange(16) % 10)
    return net.eval()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[SpikingVAE, Path]]:
    """trained('esvae') or trained('esvae conditional') → the model and its checkpoint."""
    folder = tmp_path_factory.mktemp("models")
    found: dict[str, tuple[SpikingVAE, Path]] = {}

    def get(model: str) -> tuple[SpikingVAE, Path]:
        if model not in found:
            net = lively(model)
            found[model] = net, checkpoint.save(folder / f"{model}.pt", net)
        return found[model]

    return get
