"""Images from a trained model, as the deployed network makes them: folded, host randomness.

A model that is not yet folded is folded and run in float64; a folded one runs in the precision it
has. The ANN generates from N(0, I) and reconstructs through the mean of its posterior.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnvae.draws.gauss_sigmoid import gaussian
from snnvae.draws.label import classes_in_turn
from snnvae.errors import ConfigError
from snnvae.families.images.ann_vae import AnnVAE, Autoencoder
from snnvae.families.images.vae import IMAGE, VAE, SpikingVAE
from snnvae.train.run_part import deployable, run_part

CHUNK = 32
"""Samples at a time; any number gives the same images."""

Images = NDArray[np.float64]


def generate(model: VAE, n: int, seed: int, label: Sequence[int] | None = None) -> Images:
    """n images from the prior → (n, C, H, W) in (−1, 1). Image i depends on seed, i and its class.

    label: the classes of a conditional model's images; without, image i is of class i mod classes.
    """
    net = deployable(model)
    label = _label(net, n, label if label is not None else _in_turn(net, n))
    return np.concatenate([_generate(net, c, seed, label[c.start : c.stop]) for c in _chunks(n)])


def reconstruct(
    model: VAE, images: NDArray[np.floating], seed: int, label: Sequence[int] | None = None
) -> Images:
    """Images (N, C, H, W) through encoder, posterior and decoder → (N, C, H, W) in (−1, 1).

    label: their classes, which a conditional model's decoder needs; others ignore them.
    """
    net = deployable(model)
    label = _label(net, len(images), label)
    return np.concatenate(
        [
            _reconstruct(net, images[list(c)], c, seed, label[c.start : c.stop])
            for c in _chunks(len(images))
        ]
    )


def _in_turn(net: VAE, n: int) -> Sequence[int]:
    return classes_in_turn(range(n), net.config.classes) if net.config.conditional else ()


def _label(net: VAE, n: int, label: Sequence[int] | None) -> Sequence[int]:
    """The classes of n images; none if the model takes none."""
    classes = net.config.classes
    if not classes:
        return ()
    if label is None or len(label) != n or not all(0 <= c < classes for c in label):
        raise ConfigError(
            f"a conditional model needs a class from 0 to {classes - 1} for each of {n} images"
        )
    return label


def _chunks(n: int) -> list[range]:
    return [range(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _generate(net: VAE, samples: Sequence[int], seed: int, label: Sequence[int]) -> Images:
    if isinstance(net, Autoencoder):
        raise ConfigError("an autoencoder has no prior to generate from: give a VAE")
    if isinstance(net, AnnVAE):
        return _by_ann(net, torch.from_numpy(gaussian(samples, net.config.latent, seed)))
    assert isinstance(net, SpikingVAE)
    return run_part(net, "generator", samples, seed, label=label)


def _reconstruct(
    net: VAE,
    images: NDArray[np.floating],
    samples: Sequence[int],
    seed: int,
    label: Sequence[int],
) -> Images:
    if isinstance(net, (AnnVAE, Autoencoder)):
        with torch.no_grad():
            return _by_ann(net, net.encode(torch.from_numpy(images).float()))
    assert isinstance(net, SpikingVAE)
    return run_part(net, "autoencoder", samples, seed, {IMAGE: images}, label)


@torch.no_grad()
def _by_ann(net: AnnVAE | Autoencoder, z: Tensor) -> Images:
    return net.decode(z.float()).double().numpy()
