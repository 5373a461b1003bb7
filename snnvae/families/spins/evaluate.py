"""How near the deployed sampler comes to the exact ground state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nir

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.families.spins import observables
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.observables import Estimate
from snnvae.families.spins.sampler import BURN_IN, STATES, Chains, drawn_chains
from snnvae.families.spins.truth import ground_state
from snnvae.layers.model import Trainable
from snnvae.table import Table

MOST_SUMMED = 16
"""Sites of a machine whose 2ᴺ states are summed over."""


def evaluate(asked: Asked, model: Trainable | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """Figures of the model's amplitudes, of its deployed forms, and of the exact ground state."""
    if not isinstance(model, SpinSampler):
        raise ConfigError("give the checkpoint, which knows its system: a .nir file does not")
    exact = ground_state(model.config)
    columns: dict[str, dict[str, Estimate]] = {}
    if model.config.n <= MOST_SUMMED:
        machine = observables.of_machine(model.config, model.machine(), exact)
        columns["model"] = observables.with_energy_error(machine, exact)
    count, shown = asked.samples or STATES, 0
    for precision in asked.precisions:
        chains = Chains(
            model.folded(),
            precision,
            backend=asked.backend,
            resources=RunResources(dask=asked.dask),
        )
        drawn = drawn_chains(chains, count, asked.seed, asked.progress, f"evaluate {precision}")
        shown = drawn.shape[0] * drawn.shape[1]
        found = observables.of_chains(model.config, model.machine(), drawn, exact)
        columns[precision] = observables.with_energy_error(found, exact)
    if exact is not None:
        columns["exact"] = observables.of_ground_state(model.config, exact)
    names = dict.fromkeys(name for found in columns.values() for name in found)
    rows = [(n, *(str(c[n]) if n in c else "–" for c in columns.values())) for n in names]
    lines = [
        f"{shown:,} states each, {asked.backend}, after {BURN_IN} sweeps of each chain",
        Table(("", *columns), rows).as_text(),
        *(
            f"{name}: at most {pull:.1f} standard errors from the exact values"
            for name in asked.precisions
            if (pull := observables.worst_pull(model.config, columns[name], exact)) is not None
        ),
    ]
    data: dict[str, Any] = {
        name: {
            column: {"value": c[name].value}
            | ({} if c[name].error is None else {"standard_error": c[name].error})
            for column, c in columns.items()
            if name in c
        }
        for name in names
    }
    return Figures("\n\n".join(lines), {"states": shown, "backend": asked.backend, **data})
