"""The noise neuron: it fires with a probability that its input decides, and draws nothing itself.

    spike ⇔ u + ℓ[i] > 0,   P(spike) = Σ_i p_i·[ℓ_i > −u] ≈ σ(u)

u is the current of its synapses. Of `Levels`, one of its m random inputs fires at each step, input
i, of weight ℓ_i, with probability p_i; the host draws which one (`draws.one_hot`). `grid_noise` has
another noise, whose P(spike) is σ(u) itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from torch import Tensor, nn
from torch.nn.utils import skip_init

from snnvae.draws.one_hot import OneHot
from snnvae.layers.wiring import Cell, Link, Port, Threshold

THETA = 4.0
"""The neuron's threshold, and a bias that undoes it: fixed point has no thresholds below 0."""


@dataclass(frozen=True)
class Levels:
    """The weights ℓ of a noise neuron's random inputs, ascending, and their probabilities.

    p: None where all are as likely.
    """

    values: tuple[float, ...]
    p: tuple[float, ...] | None = None

    @classmethod
    def quantiles(cls, m: int) -> Levels:
        """The logistic distribution's quantiles: ℓ_i = logit((i + ½)/m), each as likely.

        P(spike) is a multiple of 1/m, within 1/(2m) of σ(u).
        """
        return cls(tuple(logit((np.arange(m) + 0.5) / m).tolist()))

    @classmethod
    def even(cls, m: int, limit: float) -> Levels:
        """m ≥ 2 levels evenly spaced on [−limit, limit], each with the logistic distribution's
        probability of what lies nearest to it.

        So small probabilities are met too, down to σ(−limit); within a spacing h = 2·limit/(m − 1)
        P(spike) is σ(u') of a u' with |u' − u| ≤ h/2.
        """
        values = np.linspace(-limit, limit, m)
        bounds = expit([-np.inf, *(values[1:] + values[:-1]) / 2, np.inf])
        return cls(tuple(values.tolist()), tuple(np.diff(bounds).tolist()))

    def __len__(self) -> int:
        return len(self.values)

    def probability(self, u: ArrayLike) -> NDArray[np.float64]:
        """P(spike) that they realise for currents u of any shape; `expit` is what they mean."""
        m = len(self)
        p = np.full(m, 1 / m) if self.p is None else np.array(self.p)
        above = np.concatenate([np.cumsum(p[::-1])[::-1], [0.0]])
        silent = np.searchsorted(self.values, -np.asarray(u, np.float64), side="right")
        found: NDArray[np.float64] = above[silent]
        return found

    def port(self, name: str, size: int) -> Port:
        """The input of the random spikes of `size` neurons: a row of m for each."""
        return Port(name, (size, len(self), 1), per_step=size, in_twin=False)

    def draw(self, port: str, size: int, substream: int) -> OneHot:
        """What the host draws for that input; substream: as of `OneHot`, from 4 on."""
        return OneHot(port, size, len(self), substream, self.p)

    def synapse(self, size: int, like: Tensor) -> nn.Conv2d:
        """The fixed synapse from that input to `size` neurons, with θ as its bias."""
        found = skip_init(nn.Conv2d, size, size, (len(self), 1), groups=size)
        rows = torch.tensor(self.values, dtype=like.dtype).view(1, 1, -1, 1)
        found.weight = nn.Parameter(rows.repeat(size, 1, 1, 1).to(like.device))
        found.bias = nn.Parameter(torch.full((size,), THETA).to(like))
        return found.requires_grad_(False)


class Noise(Protocol):
    """What makes noise neurons of a population: `Levels`, or `GridNoise`."""

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
