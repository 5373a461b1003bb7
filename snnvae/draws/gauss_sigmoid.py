"""Spikes at rates that are a sigmoid of normal numbers: ESVAE's prior (Zhan et al., 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from snnvae.draws.draw import Draw, HostWork, Spikes, bounded
from snnvae.draws.random_numbers import PRIOR_NOISE, PRIOR_SPIKES, uniforms


@dataclass(frozen=True)
class GaussSigmoid(Draw):
    """z[t] = r > U[t], r = sigmoid(W·n + b), n ~ N(0, I).

    weight (L, M), bias (L,); class_weight (L, classes): its column of the class adds to b.
    """

    weight: NDArray[Any] = field(repr=False)
    bias: NDArray[Any] = field(repr=False)
    class_weight: NDArray[Any] | None = field(default=None, repr=False)

    kind: ClassVar[str] = "gauss-sigmoid"

    @property
    def classes(self) -> int:
        """The columns of class_weight."""
        return 0 if self.class_weight is None else self.class_weight.shape[1]

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, L)."""
        return self.drawn(self.rates(samples, seed, label), samples, steps, seed)

    def drawn(
        self, rate: NDArray[np.float64], samples: Sequence[int], steps: int, seed: int
    ) -> Spikes:
        """Rates (B, L) → (B, T, L)."""
        return rate[:, None, :] > uniforms(seed, samples, PRIOR_SPIKES, (steps, rate.shape[1]))

    def rates(
        self, samples: Sequence[int], seed: int, label: Sequence[int] = ()
    ) -> NDArray[np.float64]:
        """r (B, L)."""
        noise = gaussian(samples, self.weight.shape[1], seed)
        w, b = np.asarray(self.weight, np.float64), np.asarray(self.bias, np.float64)
        if self.class_weight is not None:
            b = b + np.asarray(self.class_weight, np.float64).T[np.asarray(label, np.int64)]
        # einsum sums each row alone: the same bits for any batch, which BLAS does not promise.
        rate: NDArray[np.float64] = expit(np.einsum("ij,bj->bi", w, noise) + b)
        return rate

    def work(self, steps: int) -> HostWork:
        """M normal draws, L·M multiply-accumulates, L sigmoids, then a draw per place and step."""
        rates, latents = self.weight.shape
        return HostWork(self.kind, latents + steps * rates, macs=rates * latents, sigmoids=rates)

    def stated(self) -> dict[str, Any]:
        """weight, bias, class_weight."""
        own = {} if self.class_weight is None else {"class_weight": self.class_weight}
        return {"weight": self.weight, "bias": self.bias, **own}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> GaussSigmoid:
        """Reads it as `Draw.read` does; L is the input's size, and M no more: L numbers of a
        normal distribution need no more noise."""
        own, weight = stated.get("class_weight"), bounded(stated.get("weight"), size, None)
        if weight.shape[1] > size:
            raise ValueError("more noise than latents")
        return cls(
            port,
            weight,
            bounded(stated.get("bias"), size),
            None if own is None else bounded(own, size, None),
        )


def gaussian(samples: Sequence[int], count: int, seed: int) -> NDArray[np.float64]:
    """n ~ N(0, I) by inverting uniforms. → (B, count)."""
    noise: NDArray[np.float64] = ndtri(uniforms(seed, samples, PRIOR_NOISE, (count,)))
    return noise
