"""The subject of a diagnosis: a folded model and the images whose loss is taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from snnvae.families.images.vae import SpikingVAE

KEY_STEP = 1 << 64
"""Philox keys have 128 bits and seeds 63, so that no draw of one seed is a draw of another."""


@dataclass(frozen=True, eq=False)
class DiagnosisCase:
    """A model, images and the seed of their draws.

    net      folded, float32, without gradients of its own
    images   (B, C, H, W) in [−1, 1]
    samples  index of each image in its set: image i is drawn for as `snnvae evaluate` does
    seed     of all draws
    """

    net: SpikingVAE
    images: Tensor
    samples: Sequence[int]
    seed: int

    @property
    def steps(self) -> int:
        """The number of time steps T."""
        return self.net.config.steps

    def errors(self, z: Tensor) -> Tensor:
        """Latent spikes (T, B, L) → mean squared error per pixel of each image (B,)."""
        return self.errors_of(self.net.decode(z))

    def errors_of(self, copies: Tensor) -> Tensor:
        """Reconstructions (B, C, H, W) → mean squared error per pixel of each image (B,)."""
        return ((copies - self.images) ** 2).flatten(1).mean(1)

    def key(self, number: int) -> int:
        """Seed of draw `number`; that of draw 0 is `seed` itself."""
        return self.seed + number * KEY_STEP
