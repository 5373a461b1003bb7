"""The exact ground state of the transverse-field Ising ring of any length (Pfeuty, 1970).

A Jordan–Wigner transformation makes it free fermions. With J, h > 0 and the momenta
k = (2m + 1)π/N of the even sector, in which the ground state lies,

    ε_k = √(J² + h² − 2Jh·cos k),   E₀ = −Σ_k ε_k,   ⟨σˣ⟩ = (1/N)·Σ_k (h − J·cos k)/ε_k,
    ⟨σᶻ_i σᶻ_{i+r}⟩ = det[g(a − b)]_{a, b < r},   g(R) = (1/N)·Σ_k (J·cos kR − h·cos k(R + 1))/ε_k
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.families.spins.ground_state import GroundState


def ground_state(n: int, j: float, h: float) -> GroundState:
    """Energy and correlations of the ring of n ≥ 3 sites, J > 0, h > 0."""
    ring = _Ring(n, j, h)
    zz = [float(np.linalg.det(ring.matrix(r))) for r in range(1, n // 2 + 1)]
    return GroundState(-float(ring.dispersion.sum()), ring.transverse, tuple(zz), None)


@dataclass(frozen=True)
class _Ring:
    n: int
    j: float
    h: float

    @property
    def momenta(self) -> np.ndarray:
        return (2 * np.arange(self.n) + 1) * np.pi / self.n

    @property
    def dispersion(self) -> np.ndarray:
        return np.sqrt(self.j**2 + self.h**2 - 2 * self.j * self.h * np.cos(self.momenta))

    @property
    def transverse(self) -> float:
        return float(np.mean((self.h - self.j * np.cos(self.momenta)) / self.dispersion))

    def matrix(self, r: int) -> np.ndarray:
        """g(a − b) for a, b < r."""
        distance = np.subtract.outer(np.arange(r), np.arange(r))[..., None]
        k = self.momenta
        waves = self.j * np.cos(k * distance) - self.h * np.cos(k * (distance + 1))
        found: np.ndarray = (waves / self.dispersion).mean(-1)
        return found
