"""Spikes of the first sample, neuron by neuron, and the mean rate of each population."""

from __future__ import annotations

import numpy as np

from snnvae.energy import units
from snnvae.energy.report.plots.style import drawing, label, short
from snnvae.energy.result import EnergyReport
from snnvae.hardware_sim.counts import InputCounts, LayerCounts
from snnvae.plotting import COLOURS

MOST_STEPS = 100
"""Steps that the raster shows."""


def firing(report: EnergyReport) -> str:
    """A band for each population, from the inputs on top to the outputs; empty if none fires."""
    populations: list[InputCounts | LayerCounts] = [*report.counts.inputs, *report.counts.layers]
    fired_in = report.measured.firing
    found = [(p, fired_in[p.name]) for p in populations if p.name in fired_in]
    if not found:
        return ""
    with drawing(1.2 + 0.9 * len(found), "firing") as drawn:
        grid = drawn.figure.add_gridspec(1, 2, width_ratios=(3, 1))
        raster = drawn.axes(grid[0, 0])
        # Marks as wide as most of a step.
        width = min(max(200 / min(report.counts.steps, MOST_STEPS), 1.0), 10.0)
        rates = drawn.axes(grid[0, 1], sharey=raster)
        for n, (population, fired) in enumerate(found):
            colour, rate = COLOURS[n % 6], report.counts.rate(population)
            step, neuron = np.nonzero(fired.raster[:MOST_STEPS])
            height = 1 / fired.raster.shape[1]
            top = n + 0.05 + 0.9 * height * neuron
            # One path for all spikes of a population: a mark for each would make a heavy page.
            gap = np.full(len(step), np.nan)
            x = np.stack([step, step, gap], axis=1).reshape(-1)
            y = np.stack([top, top + 0.8 * height, gap], axis=1).reshape(-1)
            raster.plot(x, y, color=colour, lw=width, solid_capstyle="butt")
            rates.barh(n + 0.5, rate, color=colour, height=0.6)
            label(rates, rate, n + 0.5, units.percent(rate))
        steps = min(report.counts.steps, MOST_STEPS)
        raster.set_xlim(-0.7, steps - 0.3)
        raster.set_ylim(len(found), 0)
        middles = [n + 0.5 for n in range(len(found))]
        raster.set_yticks(middles, [short(p.name) for p, _ in found])
        raster.tick_params(axis="y", left=False)
        raster.spines["left"].set_visible(False)
        raster.set_xlabel("step, first sample")
        rates.tick_params(axis="y", left=False, labelleft=False)
        rates.spines["left"].set_visible(False)
        highest = max(report.counts.rate(p) for p, _ in found)
        rates.set_xlim(0, max(1.6 * highest, 1e-6))
        rates.set_xticks([])
        rates.spines["bottom"].set_visible(False)
        rates.set_xlabel("mean rate, all samples")
    return drawn.svg
