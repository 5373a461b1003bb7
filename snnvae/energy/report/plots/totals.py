"""Energies side by side on a logarithmic scale, with their bands."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.energy.report.plots.style import (
    ARTIFICIAL,
    INK,
    OTHER_SCOPE,
    SPIKING,
    drawing,
    energy_axis,
    label,
    reach,
    short,
)
from snnvae.energy.result import EnergyReport


def totals(reports: Sequence[tuple[str, EnergyReport]]) -> str:
    """Spiking networks, each by name, and the ANNs of the first of them."""
    bars = [(name, report.total, SPIKING) for name, report in reports]
    first = reports[0][1]
    compared = {c.ann.name for c in first.comparisons}
    colours = (ARTIFICIAL if a.name in compared else OTHER_SCOPE for a in first.ann)
    bars += [(a.name, a.total, colour) for a, colour in zip(first.ann, colours)]
    return _bars([bar for bar in bars if bar[1].low > 0])


def _bars(bars: Sequence[tuple[str, Interval, str]]) -> str:
    with drawing(1.1 + 0.36 * len(bars), "totals") as drawn:
        axes = drawn.bars()
        for y, (_, total, colour) in enumerate(bars):
            axes.barh(y, total.nominal, color=colour, height=0.6)
            axes.errorbar(total.nominal, y, xerr=reach(total), color=INK, capsize=4, lw=1.2)
            label(axes, total.high, y, units.energy(total.nominal))
        axes.set_xscale("log")
        if bars:
            highest = max(total.high for _, total, _ in bars)
            axes.set_xlim(min(total.low for _, total, _ in bars) / 3, highest * 4)
        energy_axis(axes.xaxis)
        axes.set_yticks(range(len(bars)), [short(name, 40) for name, _, _ in bars])
        pale = ", pale: other scope" if OTHER_SCOPE in {colour for *_, colour in bars} else ""
        axes.set_xlabel(f"energy per sample, logarithmic\nbar: nominal, line: low to high{pale}")
    return drawn.svg
