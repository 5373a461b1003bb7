"""What the models' neurons compute, and what stands for the derivative of a spike.

The neuron is u[t] = d·u[t−1]·(1 − o[t−1]) + x[t], o[t] = u[t] > 0.2, with d = 1/4 in the papers.
Norse's LIFBox has no gain R, so it runs in the coordinate v = c·u, c = 1 − d, where inputs and
weights stay as they are: v' = v + c·(x − v), spike where v' > 0.2·c, then reset to 0.

At d = 1/4 a neuron with a constant current fires at nearly each step or at none: its rate says
little more than one spike. The longer a membrane lasts, the more rates there are in T steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any, Literal, NamedTuple, Self

from snnvae.layers.constants import DT

Surrogate = Literal["rectangle", "arctan"]
SURROGATES: tuple[Surrogate, ...] = ("rectangle", "arctan")

U_TH = 0.2
"""The papers' threshold."""

WIDTHS: dict[Surrogate, float] = {"rectangle": 0.5, "arctan": 0.5 / pi}
"""In u: half the rectangle; where the arctan's gradient is half of its highest."""

DIGITS = 12
"""To which decimals are rounded, so that 0.75·0.2 is 0.15."""


class Window(NamedTuple):
    """What stands for ∂o/∂a, a the membrane before a reset.

    'rectangle': [|a| < w] / 2w, around 0, of integral 1 (FSVAE, ESVAE). `smooth`, the derivative of
    an arctan: 1/(1 + ((a − centre)/w)²) / 2πw, around the threshold, of integral 1/2: in u, with x
    the distance to the threshold, 1/(1 + (2πx)²). That of Fang et al. (arXiv 2007.05785) is as high
    and twice as wide: 1/(1 + (πx)²), of integral 1.
    """

    smooth: bool
    centre: float
    width: float

    def scaled(self, units: float) -> Self:
        """The same of a membrane in other units."""
        return self._replace(centre=self.centre * units, width=self.width * units)

    def of(self, kind: Any) -> tuple[bool, Any, Any, Any]:
        """smooth, centre, w and the height as the kernels take them, in their precision."""
        width, full = kind(self.width), kind(self.width) + kind(self.width)
        height = kind(1) / (full * kind(pi) if self.smooth else full)
        return self.smooth, kind(self.centre), width, height


@dataclass(frozen=True)
class LIFRule:
    """decay: d, what a step leaves of a membrane, in [0, 1). surrogate: the form of the window."""

    decay: float = 0.25
    surrogate: Surrogate = "rectangle"

    @property
    def c(self) -> float:
        """dt/τ, the part of the way to x that a membrane goes in a step."""
        return round(1 - self.decay, DIGITS)

    @property
    def tau_mem_inv(self) -> float:
        """1/τ in 1/s."""
        return round(self.c / DT, DIGITS)

    @property
    def v_th(self) -> float:
        """The threshold in v."""
        return round(U_TH * self.c, DIGITS)

    @property
    def window(self) -> Window:
        """The surrogate in v."""
        return Window(self.surrogate == "arctan", self.v_th, WIDTHS[self.surrogate] * self.c)


PAPERS = LIFRule()
"""The neuron of FSVAE and ESVAE."""
