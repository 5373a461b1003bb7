"""Tiny models that every test may use: a plugin of fixtures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from snnvae.families.images.config import Config
from snnvae.families.images.vae import SpikingVAE
from snnvae.train.build import build

torch.set_num_threads(1)  # tensors this small only wait for each other

TINY = {"widths": (4, 6), "latent": 5, "k": 3, "steps": 7, "batch": 500, "epochs": 1}
CLASSES = 3
CONDITIONAL = {"conditional": True, "classes": CLASSES}


def _tiny(model: str, **changes: object) -> Config:
    return Config.default(model, **{**TINY, **changes})


def _images(n: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def _labels(n: int) -> torch.Tensor:
    return torch.arange(n) % CLASSES


def lively(model: str, **changes: object) -> SpikingVAE:
    """A tiny model in evaluation mode, all its numbers away from their first values."""
    net, generator = build(_tiny(model, **changes)), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "norm.weight" in name:
                parameter.uniform_(0.7, 2.0, generator=generator)
            elif "norm.bias" in name:
                parameter.uniform_(0.0, 0.25, generator=generator)
        for seed in range(40):  # lets the running statistics settle
            net.loss(_images(16, seed), generator, 0.5, _labels(16))
    return net.eval()


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Config]:
    """Settings of a tiny model: tiny('esvae', lr=…)."""
    return _tiny


@pytest.fixture(scope="session")
def images() -> Callable[..., torch.Tensor]:
    """images(n, seed) → (n, 1, 8, 8) in [−1, 1]."""
    return _images


@pytest.fixture(scope="session")
def esvae() -> SpikingVAE:
    return lively("esvae")


@pytest.fixture(scope="session")
def fsvae() -> SpikingVAE:
    return lively("fsvae")


@pytest.fixture(scope="session")
def slow_esvae() -> SpikingVAE:
    """Of neurons that keep a membrane for long, and even draws."""
    return lively("esvae", decay=0.875, surrogate="arctan", even=True)


@pytest.fixture(scope="session")
def conditional_esvae() -> SpikingVAE:
    return lively("esvae", **CONDITIONAL)


@pytest.fixture(scope="session")
def conditional_fsvae() -> SpikingVAE:
    return lively("fsvae", **CONDITIONAL)


@pytest.fixture(params=["conditional_esvae", "conditional_fsvae"])
def conditional_model(request: pytest.FixtureRequest) -> SpikingVAE:
    """Both models with three classes, one after the other."""
    model: SpikingVAE = request.getfixturevalue(request.param)
    return model


@pytest.fixture(params=["esvae", "fsvae"])
def any_model(request: pytest.FixtureRequest) -> SpikingVAE:
    """Both models, one after the other."""
    model: SpikingVAE = request.getfixturevalue(request.param)
    return model
