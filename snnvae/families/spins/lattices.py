"""The Hamiltonians that have a name, as Pauli terms; neighbours meet round the edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isqrt

from snnvae.errors import ConfigError

MOST_SITES = 62
"""A state is a number of 64 bits."""
Bonds = tuple[tuple[int, int], ...]


def transverse_field_chain(n: int, j: float, h: float) -> Iterator[str]:
    """H = −J·Σ σᶻσᶻ − h·Σ σˣ on a ring."""
    yield from _ising(n, ring(n), j, h)


def transverse_field_square(n: int, j: float, h: float) -> Iterator[str]:
    """The same on a torus of √n by √n sites."""
    yield from _ising(n, torus(n), j, h)


def heisenberg_chain(n: int, j: float, h: float) -> Iterator[str]:
    """H = J·Σ (σᶻσᶻ + σˣσˣ + σʸσʸ) − h·Σ σᶻ on a ring of even length, in Marshall's basis: every
    second spin is turned about z, which changes the sign of σˣσˣ and σʸσʸ alone."""
    if n % 2:
        raise ConfigError(
            f"n {n}: a ring of odd length has a sign problem; use an even number of sites"
        )
    for a, b in ring(n):
        yield f"{j!r} Z{a} Z{b}"
        yield f"{-j!r} X{a} X{b}"
        yield f"{-j!r} Y{a} Y{b}"
    if h:
        yield from (f"{-h!r} Z{i}" for i in range(n))


def ring(n: int) -> Bonds:
    """The bonds of a ring; of two sites there is one, of one none."""
    return _once((i, (i + 1) % n) for i in range(n))


def torus(n: int) -> Bonds:
    """The bonds of a square of n sites."""
    side = isqrt(n)
    if side * side != n:
        raise ConfigError(f"n {n}: a square lattice has 4, 9, 16 … sites; use one of these")
    right = ((i, i - i % side + (i + 1) % side) for i in range(n))
    down = ((i, (i + side) % n) for i in range(n))
    return _once([*right, *down])


def _once(bonds: Iterator[tuple[int, int]] | list[tuple[int, int]]) -> Bonds:
    pairs = ((min(a, b), max(a, b)) for a, b in bonds)
    return tuple(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))


def _ising(n: int, bonds: Bonds, j: float, h: float) -> Iterator[str]:
    for a, b in bonds:
        yield f"{-j!r} Z{a} Z{b}"
    yield from _field(n, h)


def _field(n: int, h: float) -> Iterator[str]:
    if h:
        yield from (f"{-h!r} X{i}" for i in range(n))


LATTICES: dict[str, Callable[[int, float, float], Iterator[str]]] = {
    "chain": transverse_field_chain,
    "square": transverse_field_square,
    "heisenberg": heisenberg_chain,
}
