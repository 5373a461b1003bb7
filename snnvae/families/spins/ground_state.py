"""Exact ground states: by diagonalisation where 2ᴺ numbers are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import eigsh

from snnvae.families.spins.hamiltonian import Hamiltonian, Numbers, codes, signs, states

MOST_DIAGONALISED = 14
"""Sites of a Hamiltonian that is diagonalised: 2¹⁴ amplitudes."""
MOST_ELEMENTS = 1 << 25
"""Elements of a matrix that is made."""
DEGENERATE = 1e-10
"""Part of the energy by which states of one level may differ."""
FEW = 4
"""Sites of which the whole matrix is made: Lanczos needs more states than it looks for."""


@dataclass(frozen=True)
class GroundState:
    """What is known exactly.

    transverse    ⟨σˣ⟩, the mean over the sites
    correlations  ⟨σᶻ_i σᶻ_{i+r}⟩ for r = 1, 2, … N/2, the mean over the sites of a ring
    p             probabilities ψ² of all 2ᴺ states, in the order of `states`; None for too many
    """

    energy: float
    transverse: float
    correlations: tuple[float, ...]
    p: Numbers | None


def diagonalised(h: Hamiltonian) -> GroundState:
    """The ground state of at most MOST_DIAGONALISED sites, by Lanczos (scipy.sparse).

    Of a degenerate ground level it is one state with ψ ≥ 0.
    """
    v = states(h.n)
    spins = signs(v)
    matrix = sparse_matrix(h, spins)
    if h.n <= FEW:
        energies, vectors = np.linalg.eigh(matrix.toarray())
    else:
        # A start that is nowhere 0 has a part of the ground state. Where it is made of few levels,
        # Lanczos goes on from a random one: two states of a level tell the symmetric one.
        energies, vectors = eigsh(matrix, k=2, which="SA", v0=np.ones(len(v)))
        order = np.argsort(energies)
        energies, vectors = energies[order], vectors[:, order]
    level = vectors[:, energies - energies[0] <= DEGENERATE * max(1.0, abs(energies[0]))]
    psi = np.abs(level @ level.sum(0))  # of several, that which all states are nearest to
    psi /= np.linalg.norm(psi)
    p = psi**2
    spin_flipped = [psi[codes(v ^ (np.arange(h.n) == i))] for i in range(h.n)]
    transverse = float(np.mean([psi @ flipped for flipped in spin_flipped]))
    return GroundState(float(energies[0]), transverse, correlations_of(spins, p), p)


def sparse_matrix(h: Hamiltonian, spins: Numbers) -> csr_array:
    """H as a matrix between all states, given as signs in the order of `states`."""
    size = len(spins)
    rows = [np.arange(size)]
    columns, values = [np.arange(size)], [h.diagonal(spins)]
    for flip in h.flips:
        rows.append(np.arange(size) ^ sum(1 << site for site in flip.sites))
        columns.append(np.arange(size))
        values.append(flip.elements(spins))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(entries, shape=(size, size))


def correlations_of(spins: Numbers, weights: Numbers) -> tuple[float, ...]:
    """⟨s_i s_{i+r}⟩ for r = 1 … N/2 of states (…, N) with weights (…), the mean over a ring."""
    n = spins.shape[-1]
    return tuple(
        float(weights @ (spins * np.roll(spins, -r, -1)).mean(-1)) for r in range(1, n // 2 + 1)
    )
