"""The exact ground state of a sampler's system, where it can be had."""

from __future__ import annotations

from functools import lru_cache

from snnvae.families.spins import free_fermions
from snnvae.families.spins.config import Config
from snnvae.families.spins.ground_state import (
    MOST_DIAGONALISED,
    MOST_ELEMENTS,
    GroundState,
    diagonalised,
)
from snnvae.families.spins.hamiltonian import Hamiltonian


def ground_state(config: Config) -> GroundState | None:
    """By diagonalisation up to MOST_DIAGONALISED sites; of longer transverse-field chains by free
    fermions; None for others."""
    if config.n <= MOST_DIAGONALISED and len(config.system.flips) << config.n <= MOST_ELEMENTS:
        return _diagonalised(config.system)
    if not config.terms and config.lattice == "chain" and config.j > 0 and config.h > 0:
        return free_fermions.ground_state(config.n, config.j, config.h)
    return None


@lru_cache(maxsize=4)
def _diagonalised(system: Hamiltonian) -> GroundState:
    return diagonalised(system)
