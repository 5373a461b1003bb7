"""Training steps beside the straightforward form of the same network, in images/s and in memory."""

from __future__ import annotations

import torch

from benchmarks import straightforward
from benchmarks.result import Aim, DiffersError, Result
from benchmarks.setup import Setup
from benchmarks.train_probe import config, probe
from snnvae.train.build import build

BATCH, ROUNDS = 32, 5
AIMS = {"fsvae": 4.0, "esvae": 3.0}


def train_fsvae(setup: Setup) -> Result:
    """FSVAE of 32×32 images, the paper's size: images per second of training."""
    return _speed("fsvae", setup)


def train_esvae(setup: Setup) -> Result:
    """ESVAE of 32×32 images, the paper's size: images per second of training."""
    return _speed("esvae", setup)


def train_fsvae_memory(setup: Setup) -> Result:
    """The same FSVAE: what a training step takes."""
    return _memory("fsvae", setup)


def train_esvae_memory(setup: Setup) -> Result:
    """The same ESVAE: what a training step takes."""
    return _memory("esvae", setup)


def _probes(model: str, setup: Setup, *forms: str) -> list[dict[str, float]]:
    batch, rounds = (4, 1) if setup.small else (BATCH, ROUNDS)
    return [probe(model, form, batch, rounds, setup.small) for form in forms]


def _speed(model: str, setup: Setup) -> Result:
    same = _same(model, setup)
    forms = ("ours", "straightforward", "synapses alone", "ours, --memory")
    ours, other, ceiling, saving = (f["images/s"] for f in _probes(model, setup, *forms))
    return Result(
        f"train_{model}",
        f"{model}, a training step of {BATCH} images",
        ours,
        "conv3d, step by step, prefixes again",
        other,
        "images/s",
        ours / other,
        Aim(AIMS[model]),
        same,
        {"synapses alone, images/s": ceiling, "with --memory, images/s": saving},
    )


def _memory(model: str, setup: Setup) -> Result:
    forms = ("ours", "straightforward", "ours, --memory")
    ours, other, saving = (f["megabytes"] for f in _probes(model, setup, *forms))
    return Result(
        f"train_{model}_memory",
        f"{model}, a training step of {BATCH} images",
        ours,
        "conv3d, step by step, prefixes again",
        other,
        "MB",
        ours / other,
        Aim(0.5, at_least=False),
        _same(model, setup),
        {"with --memory, MB": saving},
    )


def _same(model: str, setup: Setup) -> str:
    """Latent spikes, and images of the same latent spikes, of both forms in float64."""
    net = build(config(model, 4, setup.small)).double()
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(4, 1, 32, 32, generator=generator, dtype=torch.float64) * 2 - 1
    steps, latents = net.config.steps, net.config.latent
    z = (torch.rand(steps, 4, latents, generator=generator) > 0.5).double()
    with torch.no_grad():
        ours = net.encoder.constant(image, steps).permute(1, 2, 0)
        theirs = straightforward.encode(net, image)
        if not torch.equal(ours, theirs):
            raise DiffersError(f"{int((ours != theirs).sum())} latent spikes differ")
        gap = (net.decode(z) - straightforward.decode(net, z.permute(1, 2, 0))).abs().max().item()
    if gap > 1e-9:
        raise DiffersError(f"images differ by {gap:.1e}")
    return f"{int(ours.sum()):,} latent spikes, images within {gap:.0e}"
