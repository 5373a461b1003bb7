"""Exact ground states: by diagonalisation, by free fermions, and as others published them."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.families.spins import free_fermions
from snnvae.families.spins.ground_state import diagonalised
from snnvae.families.spins.hamiltonian import Hamiltonian
from snnvae.families.spins.lattices import LATTICES


def lattice(name: str, n: int, j: float = 1.0, h: float = 1.0) -> Hamiltonian:
    return Hamiltonian(n, tuple(LATTICES[name](n, j, h)))


@pytest.mark.parametrize("n", [3, 4, 5, 8, 10])
@pytest.mark.parametrize(("j", "h"), [(1.0, 0.5), (1.0, 1.0), (0.6, 1.4)])
def test_free_fermions_and_diagonalisation_agree(n: int, j: float, h: float) -> None:
    """Two ways that share nothing: a matrix of 2ᴺ states, and N momenta."""
    exact, fermions = diagonalised(lattice("chain", n, j, h)), free_fermions.ground_state(n, j, h)
    assert fermions.energy == pytest.approx(exact.energy, rel=1e-12)
    assert fermions.transverse == pytest.approx(exact.transverse, rel=1e-9)
    np.testing.assert_allclose(fermions.correlations, exact.correlations, rtol=1e-9)


def test_the_critical_chain_has_the_energy_of_the_sine() -> None:
    """E₀ = −2J/sin(π/2N) of the critical ring (Pfeuty, 1970)."""
    for n in (8, 20):
        assert free_fermions.ground_state(n, 1.0, 1.0).energy == pytest.approx(
            -2 / np.sin(np.pi / (2 * n))
        )


def test_heisenberg_rings_have_their_known_energies() -> None:
    """In units of S·S: −2 for four spins, −3.651093409 for eight (Bonner and Fisher, 1964)."""
    assert diagonalised(lattice("heisenberg", 4, 1.0, 0.0)).energy / 4 == pytest.approx(-2)
    eight = diagonalised(lattice("heisenberg", 8, 1.0, 0.0)).energy / 4
    assert eight == pytest.approx(-3.651093409, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_of_a_degenerate_level_it_is_the_symmetric_state(n: int) -> None:
    """Without a field all spins up and all down have the same energy."""
    for _ in range(50):  # Lanczos goes on at random, each time anew
        p = diagonalised(lattice("chain", n, 1.0, 0.0)).p
        assert p is not None
        np.testing.assert_allclose(p[[0, -1]], 0.5)


def test_probabilities_are_those_of_the_lowest_state() -> None:
    system = lattice("square", 9, 1.0, 3.0)
    found = diagonalised(system)
    assert found.p is not None
    assert found.p.sum() == pytest.approx(1)
    assert (found.p > 0).all()
    assert len(found.correlations) == 4
