"""Pauli terms as a matrix, and what is refused of them."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from snnvae.errors import ConfigError
from snnvae.families.spins.ground_state import sparse_matrix
from snnvae.families.spins.hamiltonian import Hamiltonian, codes, read_terms, signs, states
from snnvae.families.spins.lattices import LATTICES, torus

MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    # A state's bit is 1 where the spin is up, so that index 0 is down.
    "Y": np.array([[0, 1j], [-1j, 0]]),
    "Z": np.diag([-1, 1]),
}


def dense(n: int, terms: tuple[str, ...]) -> np.ndarray:
    """The matrix by Kronecker products; site 0 is the last factor, as it is the lowest bit."""
    total = np.zeros((1 << n, 1 << n), complex)
    for text in terms:
        number, *factors = text.split()
        own = {int(factor[1:]): MATRICES[factor[0]] for factor in factors}
        sites = [own.get(site, np.eye(2)) for site in reversed(range(n))]
        total += float(number) * reduce(np.kron, sites)
    return total


@pytest.mark.parametrize(
    "terms",
    [
        ("-1 Z0 Z1", "-0.5 X0", "0.25 Z2", "-1 X1 X2", "-0.3 Y1 Y2", "3"),
        ("-1 Y0 Y2", "-1 X0 X2", "-0.2 X0 X1 X2", "0.1 Z0 Z1 Z2"),
        ("-1.5 X0 X1", "0.4 X0 X1 Z2", "-1 Y0 Y1"),
        tuple(LATTICES["heisenberg"](4, 0.7, 0.3)),
        ("-1 I0 Z1", "-1 X2 I0"),
        tuple(LATTICES["square"](4, 1.0, 2.0)),
    ],
)
def test_terms_are_the_sum_of_kronecker_products(terms: tuple[str, ...]) -> None:
    n = 4 if any("3" in text.split(" ", 1)[-1] for text in terms if " " in text) else 3
    matrix = sparse_matrix(Hamiltonian(n, terms), signs(states(n))).toarray()
    np.testing.assert_allclose(matrix, dense(n, terms), atol=1e-12)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (("1 X0",), r"sign problem: flipping site 0 has the element \+1, and"),
        (("-1 X0 X1", "2 X0 X1 Z2"), r"sites 0 and 1 has the element \+1 where 2 up"),
        (("-1 X0 X1", "1.5 Y0 Y1"), r"element \+0.5 where 0 up, 1 down"),
        (("-1 Y0",), "odd number of Y"),
        (("-1 Z0 Z3",), "there are the sites 0 to 2"),
        (("-1 Z0 X0",), "has site 0 twice: multiply it out"),
        (("Z0 Z1",), "must begin with its coefficient"),
        (("",), "must begin with its coefficient"),
        (("-1e300 X0",), r"coefficient, up to 1e\+30"),
        (("-3",), "there is nothing to lower"),
        (("0 Z0 Z1", "-0 X0"), "there is nothing to lower"),
        (("nan Z0",), "must begin with its coefficient"),
        (("-1 Q0",), "'Q0' is none of X, Y, Z with a site"),
    ],
)
def test_what_is_no_hamiltonian_without_a_sign_problem_is_refused(
    terms: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Hamiltonian(3, terms)


def test_a_flip_that_depends_on_too_many_spins_is_refused() -> None:
    terms = tuple(f"-1 X0 Z{site}" for site in range(1, 23))
    with pytest.raises(ConfigError, match="depends on 22 spins, of which 20 can be looked through"):
        Hamiltonian(24, terms)


def test_elements_that_cancel_are_no_sign_problem() -> None:
    Hamiltonian(2, ("-0.1 X0 X1", "-0.2 Y0 Y1", "0.3 Y0 Y1", "-0.1 X0 X1"))


def test_whether_all_spins_can_turn_over() -> None:
    assert Hamiltonian(3, ("-1 Z0 Z1", "-1 X2", "-1 X0 X1", "-1 Y0 Y1")).turns_over
    assert not Hamiltonian(3, ("-1 Z0 Z1", "-0.1 Z2")).turns_over


def test_a_file_has_a_term_in_a_line_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_text("# a pair\n-1  Z0 Z1   # coupled\n\n-0.5 X4\n")
    assert read_terms(file) == (5, ("-1 Z0 Z1", "-0.5 X4"))
    file.write_text("-3\n")
    with pytest.raises(ConfigError, match="couples and flips no site"):
        read_terms(file)
    file.write_bytes(b"\xef\xbb\xbf-1 X0\n")
    assert read_terms(file) == (1, ("-1 X0",))
    file.write_text("# nothing\n")
    with pytest.raises(ConfigError, match="holds 0 terms; write 1 to 100,000"):
        read_terms(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_terms(file)
    with pytest.raises(ConfigError, match="No such file"):
        read_terms(tmp_path / "absent")
    file.write_text("-1 Z99999999999\n")
    with pytest.raises(ConfigError, match="none of X, Y, Z with a site"):
        read_terms(file)


def test_heisenberg_s_field_is_that_of_spins_that_are_not_turned() -> None:
    """Turned back about z, the matrix is that of J·Σ σ·σ − h·Σ σᶻ."""
    terms = [f"0.7 {kind}{a} {kind}{(a + 1) % 4}" for kind in "XYZ" for a in range(4)]
    plain = dense(4, (*terms, *(f"-0.3 Z{i}" for i in range(4))))
    turn = np.diag([(-1.0) ** sum(v[::2]) for v in states(4)])
    turned = dense(4, tuple(LATTICES["heisenberg"](4, 0.7, 0.3)))
    np.testing.assert_allclose(turn @ turned @ turn, plain, atol=1e-12)


def test_lattices_have_each_bond_once() -> None:
    assert torus(4) == ((0, 1), (2, 3), (0, 2), (1, 3))
    assert len(torus(9)) == 18
    assert len(list(LATTICES["chain"](2, 1.0, 0.0))) == 1
    with pytest.raises(ConfigError, match="a square lattice has 4, 9, 16"):
        torus(8)
    with pytest.raises(ConfigError, match="odd length has a sign problem"):
        list(LATTICES["heisenberg"](5, 1.0, 0.0))


def test_states_are_in_the_order_of_their_codes() -> None:
    np.testing.assert_array_equal(codes(states(5)), np.arange(32))
