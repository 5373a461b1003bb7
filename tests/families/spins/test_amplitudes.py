"""Amplitudes of a restricted Boltzmann machine, against sums over all hidden states."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.families.spins.amplitudes import Machine, local_energies, ratios
from snnvae.families.spins.ground_state import sparse_matrix
from snnvae.families.spins.hamiltonian import Hamiltonian, signs, states

RNG = np.random.default_rng(0)
MACHINE = Machine(RNG.normal(size=(4, 3)), RNG.normal(size=4), RNG.normal(size=3))
SYSTEM = Hamiltonian(4, ("-1 Z0 Z1", "-0.7 X0", "-0.3 X1 X2", "-0.3 Y1 Y2", "0.2 Z3", "-1 X3"))
V = states(4)


def test_p_is_the_sum_over_hidden_states() -> None:
    h = states(3)
    energy = V @ MACHINE.w @ h.T + (V @ MACHINE.b)[:, None] + h @ MACHINE.c
    joint = np.exp(energy)
    np.testing.assert_allclose(MACHINE.distribution(), joint.sum(1) / joint.sum())


def test_derivatives_are_those_of_finite_differences() -> None:
    w, b, c = MACHINE.derivatives(V)
    step = 1e-6

    def shifted(**changes: np.ndarray) -> np.ndarray:
        values = {"w": MACHINE.w, "b": MACHINE.b, "c": MACHINE.c, **changes}
        return (Machine(**values).log_p(V) - MACHINE.log_p(V)) / step

    dw, db, dc = np.zeros((4, 3)), np.zeros(4), np.zeros(3)
    dw[2, 1], db[3], dc[0] = step, step, step
    np.testing.assert_allclose(shifted(w=MACHINE.w + dw), w[:, 2, 1], atol=1e-5)
    np.testing.assert_allclose(shifted(b=MACHINE.b + db), b[:, 3], atol=1e-5)
    np.testing.assert_allclose(shifted(c=MACHINE.c + dc), c[:, 0], atol=1e-5)


def test_local_energies_are_h_psi_over_psi() -> None:
    psi = np.sqrt(MACHINE.distribution())
    matrix = sparse_matrix(SYSTEM, signs(V))
    ratio = ratios(MACHINE, V, tuple(flip.sites for flip in SYSTEM.flips))
    np.testing.assert_allclose(local_energies(SYSTEM, V, ratio), matrix @ psi / psi)


def test_the_mean_local_energy_is_the_variational_one() -> None:
    p = MACHINE.distribution()
    ratio = ratios(MACHINE, V, tuple(flip.sites for flip in SYSTEM.flips))
    psi = np.sqrt(p)
    wanted = psi @ (sparse_matrix(SYSTEM, signs(V)) @ psi)
    assert p @ local_energies(SYSTEM, V, ratio) == pytest.approx(wanted)
