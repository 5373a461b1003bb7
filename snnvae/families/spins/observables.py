"""What drawn states say of the ground state, each with its standard error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from snnvae.families.spins.amplitudes import Machine, local_energies, ratios
from snnvae.families.spins.autocorrelation import slowest_time
from snnvae.families.spins.config import Config
from snnvae.families.spins.descent import histogram_ratios
from snnvae.families.spins.ground_state import GroundState, correlations_of
from snnvae.families.spins.hamiltonian import Bits, Numbers, codes, signs, states


@dataclass(frozen=True)
class Estimate:
    """A value, and its standard error where it is a mean of drawn states."""

    value: float
    error: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.6g}" + (f" ± {self.error:.1g}" if self.error is not None else "")


def of_chains(
    config: Config, machine: Machine, chains: Bits, exact: GroundState | None
) -> dict[str, Estimate]:
    """Figures of independent chains (C, S, N); errors are those of the chains' means.

    energy and transverse use the machine's amplitudes, the histogram's figures do not.
    """
    system, (count, length, n) = config.system, chains.shape
    rows = chains.reshape(-1, n)
    _, first, inverse, counts = np.unique(
        codes(rows), return_index=True, return_inverse=True, return_counts=True
    )
    v, weights = rows[first], counts / len(rows)
    spins = signs(v)
    sites = tuple((i,) for i in range(n))
    turned = ratios(machine, v, sites)
    flips = tuple(flip.sites for flip in system.flips)
    ratio = turned if flips == sites else ratios(machine, v, flips)

    def mean(values: Numbers) -> Estimate:
        """Of values by distinct state."""
        by_chain = values[inverse].reshape(count, length).mean(1)
        return Estimate(float(by_chain.mean()), float(by_chain.std(ddof=1) / sqrt(count)))

    found = {
        "energy": mean(local_energies(system, v, ratio)),
        "transverse": mean(turned.mean(1)),
    }
    for r in range(1, n // 2 + 1) if config.is_ring else ():
        found[f"correlation {r}"] = mean((spins * np.roll(spins, -r, -1)).mean(1))
    by_counts = local_energies(system, v, histogram_ratios(v, weights, flips))
    found["histogram energy"] = Estimate(float(weights @ by_counts))
    if exact is not None and exact.p is not None:
        overlap = np.sqrt(weights * exact.p[codes(v)]).sum()
        found["histogram infidelity"] = Estimate(1 - float(overlap))
    found["sweeps per independent state"] = Estimate(slowest_time(signs(chains)).sweeps)
    return found


def of_machine(config: Config, machine: Machine, exact: GroundState | None) -> dict[str, Estimate]:
    """The same of p itself, summed over all 2ᴺ states."""
    system = config.system
    v, p = states(system.n), machine.distribution()
    sites = tuple((i,) for i in range(system.n))
    flips = tuple(flip.sites for flip in system.flips)
    energies = local_energies(system, v, ratios(machine, v, flips))
    found = {
        "energy": Estimate(float(p @ energies)),
        "transverse": Estimate(float(p @ ratios(machine, v, sites).mean(1))),
    }
    for r, value in enumerate(correlations_of(signs(v), p) if config.is_ring else (), 1):
        found[f"correlation {r}"] = Estimate(value)
    if exact is not None and exact.p is not None:
        found["infidelity"] = Estimate(1 - float(np.sqrt(p * exact.p).sum()))
    return found


def of_ground_state(config: Config, exact: GroundState) -> dict[str, Estimate]:
    """The same, exactly."""
    found = {"energy": Estimate(exact.energy), "transverse": Estimate(exact.transverse)}
    for r, value in enumerate(exact.correlations if config.is_ring else (), 1):
        found[f"correlation {r}"] = Estimate(value)
    return found


def with_energy_error(
    found: Mapping[str, Estimate], exact: GroundState | None
) -> dict[str, Estimate]:
    """Adds (E − E₀)/|E₀| behind the energy."""
    if exact is None or not exact.energy:
        return dict(found)
    energy, scale = found["energy"], abs(exact.energy)
    error = None if energy.error is None else energy.error / scale
    relative = Estimate((energy.value - exact.energy) / scale, error)
    return {"energy": energy, "relative energy error": relative, **found}


def worst_pull(
    config: Config, found: Mapping[str, Estimate], exact: GroundState | None
) -> float | None:
    """The largest distance of ⟨σˣ⟩ and the correlations from exact, in standard errors; None where
    there is none to tell."""
    wanted = {} if exact is None else of_ground_state(config, exact)
    pulls = [
        abs(found[name].value - each.value) / error
        for name, each in wanted.items()
        if name != "energy" and (error := found[name].error)
    ]
    return max(pulls, default=None)
