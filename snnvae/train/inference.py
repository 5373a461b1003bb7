"""Images from a trained model, as the deployed network makes them: folded, host randomness.

A model that is not yet folded is folded and run in float64; a folded one runs in the precision it
has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from snnvae.hardware_sim.samplers import (
    bernoulli_choice,
    bernoulli_spikes,
    esvae_prior_spikes,
    one_hot,
)
from snnvae.train.esvae import ESVAE
from snnvae.train.run import run
from snnvae.train.trace import time_first
from snnvae.train.vae import SpikingVAE

CHUNK = 32
"""Samples at a time; any number gives the same images."""

Images = NDArray[np.float64]


def generate(model: SpikingVAE, n: int, seed: int) -> Images:
    """n images from the prior → (n, C, H, W) in (−1, 1). Image i depends on seed and i alone."""
    net = _deployable(model)
    return np.concatenate([_generate(net, chunk, seed) for chunk in _chunks(n)])


def reconstruct(model: SpikingVAE, images: NDArray[np.floating], seed: int) -> Images:
    """Images (N, C, H, W) through encoder, posterior and decoder → (N, C, H, W) in (−1, 1)."""
    net = _deployable(model)
    chunks = _chunks(len(images))
    return np.concatenate([_reconstruct(net, images[list(c)], c, seed) for c in chunks])


def reconstruction_mse(model: SpikingVAE, images: NDArray[np.floating], seed: int = 0) -> float:
    """Mean squared error of `reconstruct`, pixels in [−1, 1]."""
    return float(np.mean((reconstruct(model, images, seed) - images) ** 2))


def _deployable(model: SpikingVAE) -> SpikingVAE:
    return model if model.is_folded else model.folded().double()


def _chunks(n: int) -> list[range]:
    return [range(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _generate(net: SpikingVAE, samples: Sequence[int], seed: int) -> Images:
    config = net.config
    if isinstance(net, ESVAE):
        weight, bias = net.sample.weight.detach().numpy(), net.sample.bias.detach().numpy()
        spikes = esvae_prior_spikes(weight, bias, samples, config.steps, seed)
        return _image(net, "generator", z=spikes)
    index = bernoulli_choice(samples, config.steps, config.latent, config.k, seed)
    return _image(net, "generator", choice=one_hot(index, config.k))


def _reconstruct(
    net: SpikingVAE, images: NDArray[np.floating], samples: Sequence[int], seed: int
) -> Images:
    config = net.config
    video = np.repeat(images[:, None], config.steps, axis=1)
    if isinstance(net, ESVAE):
        latent = run(net, "encoder", _stimulus(net, image=video)).latent
        assert latent is not None
        spikes = bernoulli_spikes(latent.double().mean(0).numpy(), samples, config.steps, seed)
        return _image(net, "decoder", z=spikes)
    index = bernoulli_choice(samples, config.steps, config.latent, config.k, seed)
    return _image(net, "autoencoder", image=video, choice=one_hot(index, config.k))


def _image(net: SpikingVAE, part: str, **stimulus: NDArray[Any]) -> Images:
    readout = run(net, part, _stimulus(net, **stimulus)).readout
    assert readout is not None
    return np.tanh(readout.double().numpy())


def _stimulus(net: SpikingVAE, **arrays: NDArray[Any]) -> dict[str, Tensor]:
    dtype = next(net.decoder.parameters()).dtype
    return {name: time_first(array, dtype) for name, array in arrays.items()}
