"""What a recorded run of a sampler costs for each state, and for each independent one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from snnvae.energy import EnergyReport, units
from snnvae.families.spins.autocorrelation import slowest_time
from snnvae.families.spins.config import LOOP
from snnvae.families.spins.hamiltonian import signs
from snnvae.families.spins.loop import chains_of
from snnvae.recording import Recording


def per_state(path: Path, report: EnergyReport) -> tuple[str, dict[str, Any]]:
    """A line, and its numbers. Each step shows a state; an independent one is worth `slowest_time`
    sweeps, each of which costs a step; at least that where the chains are too short to know it.

    The first sweeps, in which chains forget their first states, count as all others. Nothing is
    said of recordings that hold no whole sweep.
    """
    found = [chains_of(block.spikes["v"]) for block in Recording.blocks(path)]
    state = report.total.nominal / report.counts.steps
    least = "at least " if report.lower_bound else ""
    text, data = f"\nPer state, one a step: {least}{units.energy(state)}", {"state_pj": state}
    if not found[0].shape[1]:
        return f"{text}.", data
    tau, settled = slowest_time(signs(np.concatenate(found)))
    more = least if settled else "at least "
    text += (
        f"; per independent state, {'' if settled else 'at least '}{tau:.3g} sweeps: "
        f"{more}{units.energy(tau * state)}. {LOOP} chains take turns in the loop."
    )
    own = {"sweeps_per_independent_state": tau, "sweeps_are_settled": settled}
    return text, {**data, **own, "independent_state_pj": tau * state}
