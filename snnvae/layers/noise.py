"""The noise neuron: it fires with a probability that its input decides, and draws nothing itself.

    spike ⇔ u + ℓ > 0,   P(spike) = P(ℓ > −u) = σ(u)

u is the current of its synapses, ℓ that of its random inputs: the host draws which of these fire,
so that ℓ has the logistic distribution (`grid_noise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn

from snnvae.layers.wiring import Cell, Link, Threshold

THETA = 4.0
"""The neuron's threshold, and a bias that undoes it: fixed point has no thresholds below 0."""


class Noise(Protocol):
    """What makes noise neurons of a population, as `GridNoise` does."""

    def synapse(self, size: int, like: Tensor) -> nn.Conv2d:
        """The fixed synapse from its random inputs to `size` neurons, with θ in its bias."""


def noise_cell(
    name: str, size: int, links: Sequence[Link], port: str, noise: Noise, like: Tensor
) -> Cell:
    """A population of `size` noise neurons.

    links: whose currents add up to u; port: of their random spikes; like: a tensor of the dtype and
    on the device that the model computes with.
    """
    random = Link(f"{port}.levels", noise.synapse(size, like), (port,))
    return Cell(name, (size, 1, 1), Threshold(THETA), (*links, random))
