"""Energy against the spike rate: the line of the spiking network, the levels of the ANNs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnvae.energy.report.plots.style import (
    ARTIFICIAL,
    INK,
    MARK,
    SPIKING,
    drawing,
    energy_axis,
)
from snnvae.energy.result import EnergyReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

POINTS = 200
GAP = 0.055
"""Least distance of two names, of the height of the axes."""


def rate(report: EnergyReport) -> str:
    """With this run's operating point and the break-even points; empty where no ANN costs."""
    compared = [c for c in report.comparisons if c.ann.total.nominal > 0]
    if not compared:
        return ""
    point = compared[0].break_even
    evens = [c.break_even.even.nominal for c in compared if c.break_even.even]
    shown = [even for even in evens if even <= 1]
    last = min(1.0, 1.4 * max([point.rate, *shown, 0.01]))
    at = np.linspace(0, last, POINTS)
    with drawing(4.2, "rate") as drawn:
        axes = drawn.axes()
        low, middle, high = (
            getattr(point.fixed, end) + getattr(point.slope, end) * at
            for end in ("low", "nominal", "high")
        )
        axes.fill_between(at, low, high, color=SPIKING, alpha=0.2, lw=0)
        axes.plot(at, middle, color=SPIKING, lw=2, label="spiking network, band of the prices")
        for c in compared:
            level, even = c.ann.total.nominal, c.break_even.even
            axes.axhline(level, color=ARTIFICIAL, lw=1.2, ls="--")
            if even is not None and even.nominal <= last:
                axes.plot(even.nominal, level, "o", color=INK, ms=7, fillstyle="none")
        here = point.fixed.nominal + point.slope.nominal * point.rate
        axes.plot(point.rate, here, "D", color=MARK, ms=8, label="this run")
        if shown:
            axes.plot([], [], "o", color=INK, ms=7, fillstyle="none", label="break-even")
        axes.set_yscale("log")
        axes.set_xlim(0, last)
        _name_levels(axes, {c.ann.name: c.ann.total.nominal for c in compared})
        energy_axis(axes.yaxis)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.set_xlabel("mean spikes per source and step, weighted by fan-out")
        axes.set_ylabel("energy per sample, logarithmic")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
    return drawn.svg


def _name_levels(axes: Axes, levels: Mapping[str, float]) -> None:
    """Names at the right of the axes, moved apart where levels lie close."""
    low, high = np.log(axes.get_ylim())
    wanted = sorted((float((np.log(level) - low) / (high - low)), n) for n, level in levels.items())
    at, before = dict[str, float](), -1.0
    for share, name in wanted:
        at[name] = before = max(share, before + GAP)
    # Pushed beyond the top, they move down again.
    beyond = max(max(at.values()) - 1.0, 0.0)
    for share, name in wanted:
        axes.annotate(
            name,
            (1.0, share),
            (1.04, at[name] - beyond),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": ARTIFICIAL, "lw": 0.7},
        )
