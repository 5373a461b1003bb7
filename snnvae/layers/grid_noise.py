"""Noise neurons whose currents lie on the grid of 8-bit weights: exactly σ(u), in fixed point.

A weight unit is 1/SCALE nat. Weights are even numbers of units, so that all currents of a neuron
are odd, or all even, as its bias is. The noise is a number of units of the other parity, each with
the logistic distribution's probability of what lies nearest to it: then no current meets it, and

    P(spike) = Σ_ℓ p_ℓ·[ℓ > −u] = σ(u)    for |u| < LIMIT, and 0 or 1 beyond

Such a number is the sum of at most three weights, one of each kind of DIGITS: few inputs, and a
range beyond that of a single weight. Odd numbers are one unit higher, and the bias one unit lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn
from torch.nn.utils import skip_init

from snnvae.draws.patterns import Patterns
from snnvae.layers.noise import THETA
from snnvae.layers.wiring import Port
from snnvae.primitives.fixed_point import WEIGHT_MAX

LIMIT = 8.0
"""Nats up to which currents are told apart: σ(−8) = 3·10⁻⁴."""
SCALE = 2 * WEIGHT_MAX / LIMIT
"""Weight units per nat; of θ it makes a whole number."""
STEP, LARGEST = 2 / SCALE, WEIGHT_MAX / SCALE
"""Nats from one weight to the next, and the largest one."""
COARSE = 34
FINE = COARSE // 2 - 1
DIGITS = tuple(
    weight
    for weights in ((-WEIGHT_MAX, WEIGHT_MAX), range(-238, 239, COARSE), range(-FINE, FINE + 1, 2))
    for weight in weights
    if weight
)
"""The weights of the random inputs, in units; a digit of 0 is no spike."""


@dataclass(frozen=True)
class GridNoise:
    """The noise of a population; odd: of which neurons the bias is an odd number of units.

    Neurons that never need their noise at the same step may share it: one row for all of them,
    whose biases then are all odd, or all even.
    """

    odd: tuple[bool, ...]

    @classmethod
    def of_bias(cls, bias: NDArray[np.floating]) -> GridNoise:
        """For neurons with these biases (size,) in nats, whole numbers of units."""
        return cls(tuple((np.rint(bias * SCALE).astype(np.int64) % 2 == 1).tolist()))

    def port(self, name: str) -> Port:
        """The input of the random spikes of its neurons: a row for each, or one for all."""
        return Port(name, (len(self.odd), len(DIGITS), 1), in_twin=False)

    def draw(self, port: str, substream: int) -> Patterns:
        """What the host draws for that input; substream: as of `OneHot`, from 4 on."""
        return Patterns(port, _table(), _chances(), np.array(self.odd, np.int64), substream)

    def rates(self) -> NDArray[np.float64]:
        """Mean spikes per step of the random inputs (rows, digits)."""
        found: NDArray[np.float64] = (_chances() @ _table())[np.array(self.odd, np.int64)]
        return found

    def synapse(self, size: int, like: Tensor) -> nn.Conv2d:
        """The fixed synapse from that input, with θ in its bias."""
        rows = len(self.odd)
        found = skip_init(nn.Conv2d, rows, size, (len(DIGITS), 1), groups=rows)
        weights = torch.tensor(DIGITS, dtype=like.dtype).view(1, 1, -1, 1) / SCALE
        found.weight = nn.Parameter(weights.repeat(size, 1, 1, 1).to(like.device))
        shift = np.broadcast_to(np.where(self.odd, 0.0, -1.0) / SCALE, size)
        found.bias = nn.Parameter(torch.from_numpy(THETA + shift).to(like))
        return found.requires_grad_(False)


class OnGrid(torch.autograd.Function):
    """Weights rounded as they are deployed; their gradient moves the real numbers behind them."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, largest: float = LARGEST) -> Tensor:
        """Even numbers of units, within ±`largest` nats."""
        return STEP * (weight.clamp(-largest, largest) / STEP).round()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """The gradient as it is."""
        return grads[0], None


def digits(number: int) -> tuple[int, ...]:
    """An even number of units up to twice the largest weight, as weights that add up to it."""
    large = 0 if abs(number) <= WEIGHT_MAX else WEIGHT_MAX if number > 0 else -WEIGHT_MAX
    rest = number - large
    coarse = COARSE * round(rest / COARSE)
    return large, coarse, rest - coarse


NUMBERS = np.arange(-2 * WEIGHT_MAX, 2 * WEIGHT_MAX + 1, 2)
"""What the weights of a pattern add up to, ascending."""


@cache
def _table() -> NDArray[np.bool_]:
    """The digits of each number (R, digits)."""
    return np.array([np.isin(DIGITS, digits(number)) for number in NUMBERS.tolist()])


@cache
def _chances() -> NDArray[np.float64]:
    """Of each number (2, R): where biases are even, one unit off; where they are odd."""
    return np.array([_probabilities(NUMBERS - 1), _probabilities(NUMBERS)])


def _probabilities(levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of ascending levels in units, the logistic distribution's of what lies nearest to each."""
    middles = (levels[1:] + levels[:-1]) / 2
    found: NDArray[np.float64] = np.diff(expit(np.array([-np.inf, *middles, np.inf]) / SCALE))
    return found
