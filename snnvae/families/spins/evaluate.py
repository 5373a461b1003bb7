"""How near the deployed sampler comes to the exact ground state."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import nir
import numpy as np

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.families.spins import observables
from snnvae.families.spins.ground_state import GroundState
from snnvae.families.spins.loop import LOOP
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.observables import Estimate
from snnvae.families.spins.sampler import Chains
from snnvae.families.spins.truth import ground_state
from snnvae.layers.model import Trainable
from snnvae.progress import Progress
from snnvae.table import Table

STATES = 100_000
"""Drawn where nobody says how many."""
BURN_IN, SWEEPS = 100, 400
"""Sweeps of each chain that are left out, and that count."""
CHUNK = 16
"""Samples at a time."""
MOST_SUMMED = 16
"""Sites of a machine whose 2ᴺ states are summed over."""


def evaluate(asked: Asked, model: Trainable | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """Figures of the model's amplitudes, of its deployed forms, and of the exact ground state."""
    if not isinstance(model, SpinSampler):
        raise ConfigError("give the checkpoint, which knows its system: a .nir file does not")
    exact = ground_state(model.config)
    columns: dict[str, dict[str, Estimate]] = {}
    if model.config.n <= MOST_SUMMED:
        machine = observables.of_machine(model.config.system, model.machine(), exact)
        columns["model"] = observables.with_energy_error(machine, exact)
    count = asked.samples or STATES
    for precision in asked.precisions:
        chains = Chains(
            model.folded(),
            precision,
            backend=asked.backend,
            resources=RunResources(dask=asked.dask),
        )
        drawn = drawn_chains(chains, count, asked.seed, asked.progress, f"evaluate {precision}")
        found = observables.of_chains(model.config.system, model.machine(), drawn, exact)
        columns[precision] = observables.with_energy_error(found, exact)
    if exact is not None:
        columns["exact"] = observables.of_ground_state(exact)
    names = dict.fromkeys(name for found in columns.values() for name in found)
    rows = [(n, *(str(c[n]) if n in c else "–" for c in columns.values())) for n in names]
    lines = [
        f"{count:,} states each, {asked.backend}, after {BURN_IN} sweeps of each chain",
        Table(("", *columns), rows).as_text(),
        *(
            f"{name}: at most {pull:.1f} standard errors from the exact values"
            for name in asked.precisions
            if (pull := _worst_pull(columns[name], exact)) is not None
        ),
    ]
    data = {
        name: {
            column: {"value": c[name].value, "standard_error": c[name].error}
            for column, c in columns.items()
            if name in c
        }
        for name in names
    }
    return Figures("\n\n".join(lines), {"states": count, "backend": asked.backend, **data})


def drawn_chains(
    chains: Chains, count: int, seed: int, progress: Progress, name: str = "draw"
) -> np.ndarray:
    """At least `count` states of independent chains, each from random first states: (C, S, N)."""
    sweeps = min(SWEEPS, ceil(count / LOOP))
    samples = ceil(count / (LOOP * sweeps))
    progress.start(name, samples)
    found = []
    for start in range(0, samples, CHUNK):
        some = range(start, min(start + CHUNK, samples))
        found.append(chains.run(some, LOOP * (BURN_IN + sweeps), seed).chains(BURN_IN))
        progress.advance(len(some))
    progress.finish()
    return np.concatenate(found)


def _worst_pull(found: Mapping[str, Estimate], exact: GroundState | None) -> float | None:
    """The largest distance from exact values of ⟨σˣ⟩ and the correlations, in standard errors."""
    if exact is None:
        return None
    wanted = observables.of_ground_state(exact)
    names = [n for n in wanted if n != "energy" and found[n].error > 0]
    return max((abs(found[n].value - wanted[n].value) / found[n].error for n in names), default=0.0)
