"""The digits' models, folded, with a few held-out images; and a diagnosis made up by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from snnvae import zoo
from snnvae.families import registry
from snnvae.families.images.data import load
from snnvae.families.images.diagnosis.diagnose import loss_of
from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.gaps import Errors
from snnvae.families.images.diagnosis.result import (
    ClassLoss,
    Diagnosis,
    LatentDifference,
    PriorFit,
)
from snnvae.families.images.vae import SpikingVAE

torch.set_num_threads(1)  # tensors this small only wait for each other

FEW = 10


@pytest.fixture(scope="session")
def subject_of() -> Callable[..., DiagnosisCase]:
    """subject_of(net, seed=0) → the model with the first few held-out digits."""
    images = torch.from_numpy(load("digits").test[:FEW])

    def make(net: SpikingVAE, seed: int = 0) -> DiagnosisCase:
        return DiagnosisCase(net, images, range(FEW), seed)

    return make


@pytest.fixture
def digits() -> Callable[[str], SpikingVAE]:
    """digits('esvae') → the zoo's model, folded; a fresh one each time."""
    return lambda kind: registry.load_spiking(zoo.path(f"digits-{kind}", ".pt"))[1].folded()


@pytest.fixture
def made_up() -> Callable[..., Diagnosis]:
    """made_up(encoder=0.1, draws=0.0, decoder=0.9, …) → a diagnosis of a loss of 0.1."""

    def make(
        encoder: float = 0.1, draws: float = 0.0, decoder: float = 0.9, **changes: Any
    ) -> Diagnosis:
        n = 12
        errors = Errors(
            *(
                np.full(n, 0.1 * part)
                for part in (encoder + draws + decoder, draws + decoder, decoder, 0.05)
            )
        )
        every = np.ones(n, bool)
        fit: dict[str, Any] = {
            "samples": 50, "mmd2": 0.01, "mmd2_if_same": 0.01, "accuracy": 0.5, "auc": 0.5,
            "kl_nats": 0.0, "latents": 16, "active": 16, "silent": 0, "always_on": 0,
            "differences": (LatentDifference(3, 0.5, 0.25),),
        }  # fmt: skip
        fit |= {name: changes.pop(name) for name in list(changes) if name in fit}
        shares = changes.pop("prior_shares", (0.5, 0.5))
        classes = tuple(
            ClassLoss(label, loss_of(errors, every), 0.5, share)
            for label, share in enumerate(shares)
        )
        settings: dict[str, Any] = {
            "model": "esvae", "dataset": "digits", "steps": 16, "latent": 16, "draws": 8,
            "iterations": 10, "seed": 0, "training_loss": 0.1, "class_accuracy": 0.9,
        }  # fmt: skip
        known = {"loss": loss_of(errors, every), "classes": classes, "prior": PriorFit(**fit)}
        return Diagnosis(**{**settings, **known, **changes})

    return make
