"""What a recorded run of a sampler costs for each state, and for each independent one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from snnvae.energy import EnergyReport, units
from snnvae.families.spins.autocorrelation import integrated_time
from snnvae.families.spins.hamiltonian import signs
from snnvae.families.spins.loop import LOOP, chains_of
from snnvae.recording import Recording


def per_state(path: Path, report: EnergyReport) -> tuple[str, dict[str, Any]]:
    """A line, and its numbers. Each step shows a state; τ_int is that of the magnetisation, in
    sweeps, each of which costs a step.

    The first sweeps, in which chains forget their first states, count as all others.
    """
    found = [chains_of(block.spikes["v"]) for block in Recording.blocks(path)]
    tau = integrated_time(signs(np.concatenate(found)).mean(-1))
    state = report.total.nominal / report.counts.steps
    least = "at least " if report.lower_bound else ""
    text = (
        f"\nPer state, one a step: {least}{units.energy(state)}; per independent state, "
        f"{tau:.3g} sweeps: {units.energy(tau * state)}. {LOOP} chains take turns in the loop."
    )
    data = {"state_pj": state, "sweeps_per_independent_state": tau}
    return text, data | {"independent_state_pj": tau * state}
