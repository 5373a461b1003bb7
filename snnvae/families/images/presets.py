"""The settings that suit a model on a data set: the papers' where there is a paper."""

from __future__ import annotations

from typing import Any

SMALL = {"image_size": 32, "widths": (32, 64, 128, 256)}
LARGE = {"image_size": 64, "widths": (32, 64, 128, 256, 512), "channels": 3}
COLOUR = {**SMALL, "channels": 3, "flip": True}
GREY = ("mnist", "fashion-mnist", "kmnist")

FSVAE: dict[str, Any] = {"latent": 128, "k": 20, "batch": 250, "epochs": 150, "lr": 1e-3}
"""Kamata et al., arXiv 2110.00375 and their code."""

KL_WEIGHT = 1e-4
"""What FSVAE's authors weigh the KL distance with, a sum over steps and latents; PSP's a mean."""

ESVAE: dict[str, Any] = {"epochs": 300, "batch": 256, "prior_weight": 1e-3}
"""Zhan et al., arXiv 2310.14839 and their code."""

ANN: dict[str, Any] = {"latent": 128, "batch": 250, "epochs": 150, "lr": 1e-3, "steps": 1}
"""The ANN VAE that FSVAE's authors compare with; their KL weight is one over the batches of an
epoch."""

FEATURES: dict[str, Any] = {
    "batch": 256, "epochs": 20, "lr": 2e-3, "steps": 1, "schedule": "cosine", "warmup": 0.02
}  # fmt: skip
"""The autoencoder of FAD: the widths and latents of FSVAE's authors, our schedule."""

OWN: dict[str, Any] = {"latent": 128, "batch": 64, "lr": 3e-3}
"""For a folder of images of any size and number; smaller batches, since it may hold few."""
MOST_STAGES, FIRST_WIDTH = 5, 32

PRESETS: dict[tuple[str, str], dict[str, Any]] = {
    # The digits are few and small, so that higher learning rates and, for ESVAE, a heavier prior
    # than the paper's 1e-3 suit them.
    ("esvae", "digits"): {"lr": 2e-2, "epochs": 80},
    ("fsvae", "digits"): {"lr": 1e-2, "epochs": 70, "prior_weight": 0.5},
    ("ann-vae", "digits"): {"lr": 2e-3, "epochs": 80, "steps": 1, "prior_weight": 1 / 23},
    **{("fsvae", name): {**SMALL, **FSVAE} for name in GREY},
    ("fsvae", "cifar10"): {**COLOUR, **FSVAE},
    ("fsvae", "celeba"): {**LARGE, **FSVAE, "flip": True},
    **{("esvae", name): {**SMALL, **ESVAE, "latent": 32, "lr": 3e-3} for name in GREY},
    ("esvae", "cifar10"): {**COLOUR, **ESVAE, "latent": 128, "lr": 6e-4},
    ("esvae", "celeba"): {
        **LARGE, **ESVAE, "latent": 128, "lr": 1e-3, "batch": 64, "flip": True
    },
    **{("ann-vae", name): {**SMALL, **ANN, "prior_weight": 1 / 240} for name in GREY},
    ("ann-vae", "cifar10"): {**COLOUR, **ANN, "prior_weight": 1 / 200},
    ("ann-vae", "celeba"): {**LARGE, **ANN, "prior_weight": 1 / 651, "flip": True},
    ("autoencoder", "digits"): {"lr": 2e-3, "epochs": 60, "steps": 1, "schedule": "cosine"},
    **{("autoencoder", name): {**SMALL, **FEATURES, "latent": 64} for name in GREY},
    ("autoencoder", "cifar10"): {**COLOUR, **FEATURES, "latent": 128},
    ("autoencoder", "celeba"): {**LARGE, **FEATURES, "latent": 128, "flip": True},
    ("esvae", "folder"): {**OWN, "epochs": 100, "prior_weight": 1e-3},
    ("fsvae", "folder"): {**FSVAE, **OWN, "lr": 1e-3, "epochs": 100},
    ("ann-vae", "folder"): {**ANN, **OWN, "lr": 1e-3, "epochs": 100, "prior_weight": 1 / 200},
    ("autoencoder", "folder"): {**FEATURES, **OWN, "lr": 2e-3, "latent": 64},
}  # fmt: skip

LASTING = {"surrogate": "arctan", "schedule": "cosine"}
"""What goes with membranes that last: see `snnvae.layers.lif_rule`."""

RECIPES: dict[str, dict[str, Any]] = {
    "esvae-digits-lasting": {
        "model": "esvae", "dataset": "digits", **LASTING, "decay": 0.875, "spread": 0.6,
        "even": True, "prior_weight": 0.01, "lr": 0.03,
    },
    "fsvae-digits-lasting": {
        "model": "fsvae", "dataset": "digits", **LASTING, "decay": 0.875, "spread": 0.8,
        "identity": 8.0, "prior_weight": 0.03, "lr": 0.02, "warmup": 0.02, "epochs": 80,
    },
    "esvae-mnist-lasting": {
        "model": "esvae", "dataset": "mnist", **LASTING, "decay": 0.875, "spread": 0.3,
        "even": True, "prior_weight": 1e-3, "lr": 0.012, "warmup": 0.02, "batch": 64,
        "epochs": 10, "steps": 8, "latent": 128, "decoder_widths": (256, 128, 64, 32, 16),
    },
}  # fmt: skip
"""Ours, of neurons that keep a membrane for longer than the papers': the figures are in
docs/training.md."""


def widths_for(image_size: int) -> tuple[int, ...]:
    """Channels for images of any size: twice as many with each halving, down to a map of 2 × 2 or
    more, or of odd size: (16, 32) for 8 pixels, (32, …, 256) for 32, (32, …, 512) from 64 up."""
    stages = 0
    while stages < MOST_STAGES and image_size % 2 == 0 and image_size > 2:
        stages, image_size = stages + 1, image_size // 2
    first = FIRST_WIDTH if stages > 2 else FIRST_WIDTH // 2
    return tuple(first << stage for stage in range(max(1, stages)))
