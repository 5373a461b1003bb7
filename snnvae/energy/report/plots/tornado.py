"""Sensitivity: the answer as one unknown after another goes from its low to its high end."""

from __future__ import annotations

import numpy as np

from snnvae.energy import units
from snnvae.energy.report.plots.style import INK, drawing, label, short
from snnvae.energy.result import EnergyReport
from snnvae.plotting import CYAN, RED

SHOWN = 10


def tornado(report: EnergyReport) -> str:
    """The widest swings, around the nominal answer; empty where nothing moves it."""
    swings = [s for s in report.swings if np.isfinite(s.answer.ends).all()][:SHOWN]
    ratio = report.headline is not None
    if not swings:
        return ""
    middle = swings[0].answer.nominal
    write = units.significant if ratio else units.energy
    ends = [end for s in swings for end in (s.answer.low, s.answer.high)]
    with drawing(1.3 + 0.36 * len(swings), "tornado") as drawn:
        axes = drawn.bars()
        for y, swing in enumerate(swings):
            for end, colour in ((swing.answer.low, CYAN), (swing.answer.high, RED)):
                axes.barh(y, end - middle, left=middle, color=colour, height=0.6)
            low, high = swing.answer.low, swing.answer.high
            label(axes, max(low, high, middle), y, f"{write(low)} … {write(high)}")
        axes.axvline(middle, color=INK, lw=1)
        if ratio and min(ends) <= 1.15 * max(ends) and min(ends) < 1.3:
            axes.axvline(1.0, color=INK, lw=1, ls=":")
        span = max(ends) - min(ends)
        axes.set_xlim(min([*ends, middle]) - 0.05 * span, max([*ends, middle]) + 0.35 * span)
        axes.xaxis.set_major_formatter(lambda value, _: write(value))
        axes.set_yticks(range(len(swings)), [short(s.unknown) for s in swings])
        what = "ratio, spiking to ANN" if ratio else "energy per sample"
        axes.set_xlabel(f"{what}; blue: unknown at its low end, red: at its high end")
    return drawn.svg
