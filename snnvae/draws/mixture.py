"""Spikes at rates that come of a mixture of normal distributions: a prior fitted to an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from snnvae.draws.draw import Draw, HostWork, Spikes, bounded, probabilities
from snnvae.draws.even import even_spikes
from snnvae.draws.random_numbers import PRIOR_NOISE, PRIOR_SPIKES, places, uniforms


@dataclass(frozen=True)
class Mixture(Draw):
    """Even spikes of rates r = clip(μ_k + A_k·n, 0, 1), k drawn by p, n ~ N(0, I).

    p (C, K): a row for each class, or one row where no class takes part. mean μ (K, L), factor A
    (K, L, M).
    """

    p: NDArray[Any] = field(repr=False)
    mean: NDArray[Any] = field(repr=False)
    factor: NDArray[Any] = field(repr=False)

    kind: ClassVar[str] = "mixture"

    @property
    def classes(self) -> int:
        """The rows of p; 0 if there is but one."""
        return len(self.p) if len(self.p) > 1 else 0

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, L)."""
        return even_spikes(self.rates(samples, seed, label), samples, steps, seed, PRIOR_SPIKES)

    def rates(
        self, samples: Sequence[int], seed: int, label: Sequence[int] = ()
    ) -> NDArray[np.float64]:
        """r (B, L)."""
        drawn = uniforms(seed, samples, PRIOR_NOISE, (1 + self.factor.shape[2],))
        noise = ndtri(drawn[:, 1:])
        rows = np.asarray(label if self.classes else [0] * len(drawn), np.int64)
        found = np.empty((len(drawn), self.mean.shape[1]))
        factor = np.asarray(self.factor, np.float64)
        for i, (row, number, n) in enumerate(zip(rows, drawn[:, 0], noise)):
            k = places(number, self.p[row])
            # einsum sums each row alone: the same bits on any machine, which BLAS does not promise.
            found[i] = self.mean[k] + np.einsum("ij,j->i", factor[k], n)
        return found.clip(0, 1)

    def work(self, steps: int) -> HostWork:
        """A choice, M normal draws, L·M multiply-accumulates, then a draw per place and step."""
        latents, noise = self.factor.shape[1:]
        return HostWork(self.kind, 1 + noise + (steps + 1) * latents, macs=latents * noise)

    def stated(self) -> dict[str, Any]:
        """p, mean, factor."""
        return {"p": self.p, "mean": self.mean, "factor": self.factor}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Mixture:
        """Reads it as `Draw.read` does; L is the input's size."""
        p = probabilities(stated.get("p"), None, None)
        mean = bounded(stated.get("mean"), p.shape[1], size)
        factor = bounded(stated.get("factor"), p.shape[1], size, None)
        if factor.shape[2] > size:
            raise ValueError("more noise than latents")
        return cls(port, p, mean, factor)
