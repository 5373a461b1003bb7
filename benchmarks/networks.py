"""The benchmark network: an FSVAE for 32×32 images, trained so little that only its rates are real.

30 steps on the digits, enlarged, bring the rates of its layers to 0.17 … 0.42. It is made once and
kept in `benchmarks/.cache`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.setup import Setup
from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.families import registry
from snnvae.families.images.config import Config
from snnvae.families.images.data import load
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.program import Precision, Program
from snnvae.stimulus import Stimulus
from snnvae.train import checkpoint
from snnvae.train.build import build
from snnvae.train.to_nir import to_nir

CACHE = Path(__file__).parent / ".cache"
SIDE, STEPS, BATCH = 32, 30, 32
RATE = 0.4
"""Of random spikes, where nothing else feeds an input."""


def weights(setup: Setup) -> Path:
    """The checkpoint."""
    if setup.small:
        return Path(zoo.path("digits-fsvae", ".pt"))
    path = CACHE / "fsvae32.pt"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        checkpoint.save(path, _trained())
    return path


def model(setup: Setup) -> SpikingVAE:
    """The model in torch, as trained."""
    return registry.load(weights(setup))[1]


def graph_file(setup: Setup, part: str = "generator") -> Path:
    """A part of the model as a NIR file."""
    made = weights(setup)
    if setup.small and part == "generator":
        return Path(zoo.path("digits-fsvae"))
    path = CACHE / f"{made.stem}.{part}.nir"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        write_nir(to_nir(model(setup), part), path)
    return path


@lru_cache
def program(setup: Setup, precision: Precision = "float", part: str = "generator") -> Program:
    """A part of the model, compiled."""
    return compile_graph(read_nir(graph_file(setup, part)), precision).program


def stimulus(
    made: Program, samples: int, *, steps: int | None = None, rate: float = RATE
) -> Stimulus:
    """Seeded: what the file's sampler draws, or random spikes for inputs that it does not feed."""
    if made.draws:
        return stimulus_for(made, samples, seed=0, steps=steps)
    rng = np.random.default_rng(0)
    shape = (samples, steps or made.steps)
    data = {i.name: rng.random((*shape, *i.shape), np.float32) < rate for i in made.inputs}
    return build_stimulus(made, range(samples), steps=steps, data=data)


def decoder_stimulus(setup: Setup) -> Stimulus:
    """The latent spikes that the generator draws, for the decoder alone: with random ones of the
    same rate its layers would hardly fire."""
    whole, decoder = program(setup), program(setup, "float", "decoder")
    drawn = run(whole, stimulus(whole, setup.samples)).spikes["z"]
    return build_stimulus(decoder, range(setup.samples), data={"z": drawn})


def _trained() -> SpikingVAE:
    """30 steps of AdamW."""
    torch.manual_seed(0)
    widths = (32, 64, 128, 256)
    made = build(Config("fsvae", image_size=SIDE, widths=widths, latent=128, k=20))
    digits = torch.from_numpy(load("digits").train[:])
    images = F.interpolate(digits, (SIDE, SIDE), mode="bilinear").clamp(-1, 1)
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(made.optimizer_groups())
    made.train()
    for _ in range(STEPS):
        batch = images[torch.randint(len(images), (BATCH,), generator=generator)]
        optimizer.zero_grad()
        made.loss(batch, generator, 0.0).total.backward()
        optimizer.step()
    return made.eval()
