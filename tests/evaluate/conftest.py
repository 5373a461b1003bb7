"""Tiny models of both kinds, all their numbers away from their first values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import lively

from snnvae.families.images.vae import SpikingVAE
from snnvae.train import checkpoint


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[SpikingVAE, Path]]:
    """trained('esvae') or trained('esvae conditional') → the model and its checkpoint."""
    folder = tmp_path_factory.mktemp("models")
    found: dict[str, tuple[SpikingVAE, Path]] = {}

    def get(model: str) -> tuple[SpikingVAE, Path]:
        if model not in found:
            kind, _, conditional = model.partition(" ")
            net = lively(kind, **({"conditional": True, "classes": 10} if conditional else {}))
            found[model] = net, checkpoint.save(folder / f"{model}.pt", net)
        return found[model]

    return get
