"""Hamiltonians of spins ½ as sums of Pauli terms, without a sign problem.

A state v ∈ {0, 1}^N has spin up (σᶻ = +1) where v = 1. A term c·Π σ flips the sites of its σˣ and
σʸ, and multiplies by the signs s = 2v − 1 of its σᶻ and σʸ:

    ⟨v'|c·Πσ|v⟩ = c·i^(number of σʸ)·Π_{y,z} s,   v' = v with the sites of σˣ and σʸ flipped

Where no element off the diagonal is positive, the ground state has ψ(v) ≥ 0 (Perron–Frobenius), so
that ψ = √p for a probability p that can be sampled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import ConfigError
from snnvae.families.spins.lattices import MOST_SITES
from snnvae.text_file import read_text

Bits = NDArray[np.bool_]
Numbers = NDArray[np.floating]

LARGEST = 1e30
"""Of a coefficient."""
MOST_TERMS = 100_000
"""A file of more is none that anybody wrote."""
MOST_ENUMERATED = 20
"""Sites on which the elements of one flip may depend: 2²⁰ of them are looked at."""
ROUNDING = 1e-12
"""By which sums of coefficients that cancel may be off, as a part of their size."""


@dataclass(frozen=True)
class Flip:
    """The elements ⟨v'|H|v⟩ that flip `sites`: Σ_k coefficients[k]·Π_{i ∈ signs[k]} s_i."""

    sites: tuple[int, ...]
    coefficients: tuple[float, ...]
    signs: tuple[tuple[int, ...], ...]

    @property
    def moves(self) -> bool:
        """Tells whether any of its coefficients is not 0."""
        return any(self.coefficients)

    def elements(self, spins: Numbers) -> Numbers:
        """Of states given as signs s (…, N) → (…)."""
        total = np.zeros(spins.shape[:-1])
        for coefficient, sites in zip(self.coefficients, self.signs):
            total += coefficient * spins[..., list(sites)].prod(-1)
        return total


@dataclass(frozen=True)
class Hamiltonian:
    """H of n sites: what stands on its diagonal, and its flips.

    terms: as text, such as "-1 Z0 Z1". ConfigError for terms that make no sense, and where an
    element off the diagonal is positive (a sign problem) or not real.
    """

    n: int
    terms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not any(flip.sites or any(flip.signs) for flip in self._by_flip.values() if flip.moves):
            raise ConfigError(
                "the Hamiltonian is the same for all states: there is nothing to lower"
            )
        for flip in self.flips:
            _check_signs(flip)

    @cached_property
    def _by_flip(self) -> dict[tuple[int, ...], Flip]:
        found: dict[tuple[int, ...], dict[tuple[int, ...], float]] = {}
        for text in self.terms:
            coefficient, paulis = parse(text, self.n)
            ys = sum(kind == "Y" for kind in paulis.values())
            if ys % 2:
                raise ConfigError(
                    f"term '{text}' has an odd number of Y, so that the Hamiltonian is not real: "
                    "ψ = √p has no phases; turn the spins so that Y come in pairs"
                )
            flips = tuple(i for i, kind in paulis.items() if kind in "XY")
            signs = tuple(i for i, kind in paulis.items() if kind in "YZ")
            own = found.setdefault(flips, {})
            own[signs] = own.get(signs, 0.0) + coefficient * (-1) ** (ys // 2)
        return {flips: Flip(flips, tuple(own.values()), tuple(own)) for flips, own in found.items()}

    @cached_property
    def flips(self) -> tuple[Flip, ...]:
        """What stands off the diagonal."""
        return tuple(flip for sites, flip in self._by_flip.items() if sites)

    def diagonal(self, spins: Numbers) -> Numbers:
        """⟨v|H|v⟩ of states given as signs s (…, N) → (…)."""
        flip = self._by_flip.get(())
        return np.zeros(spins.shape[:-1]) if flip is None else flip.elements(spins)

    @cached_property
    def turns_over(self) -> bool:
        """Tells whether H stays the same where all spins are flipped: p(v) = p(1 − v)."""
        return all(len(s) % 2 == 0 for flip in self._by_flip.values() for s in flip.signs)


def parse(text: str, n: int) -> tuple[float, dict[int, str]]:
    """A term such as "-0.5 X0 X1" → its coefficient and its Pauli matrices by site, in order.

    ConfigError where it is none, or for a site beyond n.
    """
    number, *factors = text.split() or [""]
    try:
        coefficient = float(number)
    except ValueError:
        coefficient = float("nan")
    if not abs(coefficient) <= LARGEST:
        raise ConfigError(
            f"term '{text[:80]}' must begin with its coefficient, up to {LARGEST:g}: write it as "
            "-1.0 Z0 Z1"
        )
    paulis: dict[int, str] = {}
    for factor in factors:
        found = re.fullmatch(r"([IXYZ])(\d{1,9})", factor)
        if found is None:
            raise ConfigError(f"term '{text[:80]}': '{factor[:20]}' is none of X, Y, Z with a site")
        site = int(found[2])
        if site >= n:
            raise ConfigError(f"term '{text[:80]}': there are the sites 0 to {n - 1}")
        if site in paulis:
            raise ConfigError(f"term '{text[:80]}' has site {site} twice: multiply it out")
        paulis[site] = found[1]
    return coefficient, {site: kind for site, kind in sorted(paulis.items()) if kind != "I"}


def read_terms(path: Path) -> tuple[int, tuple[str, ...]]:
    """The number of sites and the terms of a text file, a term a line, '#' before comments.

    ConfigError where it holds none, or too many; the terms themselves are checked by Hamiltonian.
    """
    lines = [
        line.partition("#")[0].strip()
        for line in read_text(path, f"Hamiltonian {path}", ConfigError).splitlines()
    ]
    terms = tuple(" ".join(line.split()) for line in lines if line)
    if not terms or len(terms) > MOST_TERMS:
        raise ConfigError(
            f"{path} holds {len(terms):,} terms; write 1 to {MOST_TERMS:,}, a line each, such as "
            "-1.0 Z0 Z1"
        )
    sites = [site for term in terms for site in parse(term, MOST_SITES)[1]]
    if not sites:
        raise ConfigError(f"{path} couples and flips no site: write terms such as -1.0 Z0 Z1")
    return max(sites) + 1, terms


def _check_signs(flip: Flip) -> None:
    """ConfigError where an element of a flip is positive."""
    rest = sum(abs(c) for c, sites in zip(flip.coefficients, flip.signs) if sites)
    if rest + sum(c for c, sites in zip(flip.coefficients, flip.signs) if not sites) <= 0:
        return  # whatever the signs are
    involved = sorted({site for sites in flip.signs for site in sites})
    if len(involved) > MOST_ENUMERATED:
        raise ConfigError(
            f"flipping {_named(flip.sites)} depends on {len(involved)} spins, of which "
            f"{MOST_ENUMERATED} can be looked through for a sign problem: use fewer in one term"
        )
    place = {site: i for i, site in enumerate(involved)}
    own = Flip((), flip.coefficients, tuple(tuple(place[i] for i in s) for s in flip.signs))
    spins = signs(states(len(involved)))
    elements = own.elements(spins)
    size = sum(map(abs, flip.coefficients))
    worst = int(elements.argmax())
    if elements[worst] > ROUNDING * size:
        where = ", ".join(f"{i} {'up' if spins[worst, place[i]] > 0 else 'down'}" for i in involved)
        raise ConfigError(
            f"the Hamiltonian has a sign problem: flipping {_named(flip.sites)} has the element "
            f"+{elements[worst]:g}{f' where {where}' if where else ''}, and ψ = √p needs all such "
            "elements at 0 or below; turn spins about z, which changes the sign of their X and Y: "
            "all of them in a negative field, every second one of an antiferromagnet (Marshall)"
        )


def _named(sites: Iterable[int]) -> str:
    listed = list(sites)
    return f"site{'s' * (len(listed) > 1)} {' and '.join(map(str, listed))}"


def states(n: int) -> Bits:
    """All 2ⁿ states (2ⁿ, n) of n sites, in the order of `codes`."""
    found: Bits = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1 == 1
    return found


def signs(v: Bits) -> Numbers:
    """s = 2v − 1: +1 for up, −1 for down."""
    found: Numbers = 2.0 * v - 1
    return found


def codes(v: NDArray[np.generic]) -> NDArray[np.int64]:
    """States (…, N) as numbers (…): site i is bit i."""
    found: NDArray[np.int64] = v.astype(np.int64) @ (1 << np.arange(v.shape[-1], dtype=np.int64))
    return found
