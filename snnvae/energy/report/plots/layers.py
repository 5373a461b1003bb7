"""Energy of each layer at nominal prices, stacked by group of terms."""

from __future__ import annotations

from snnvae.energy import units
from snnvae.energy.report.plots.style import GROUP_COLOUR, drawing, label, short
from snnvae.energy.result import EnergyReport
from snnvae.energy.terms import GROUPS


def layers(report: EnergyReport) -> str:
    """One bar a layer, in the order of the network."""
    shown = [layer for layer in report.layers if layer.total.nominal > 0]
    unit, size = units.unit_for(max((layer.total.nominal for layer in shown), default=1.0))
    with drawing(1.5 + 0.36 * len(shown), "layers") as drawn:
        axes, left = drawn.bars(), [0.0] * len(shown)
        for group in GROUPS:
            width = [report.group(layer, group) / size for layer in shown]
            if any(width):
                colour = GROUP_COLOUR[group]
                axes.barh(
                    range(len(shown)), width, left=left, color=colour, label=group, height=0.7
                )
                left = [a + b for a, b in zip(left, width, strict=True)]
        for y, layer in enumerate(shown):
            label(axes, left[y], y, units.energy(layer.total.nominal))
        axes.set_xlim(0, max(left, default=1.0) * 1.15 or 1.0)
        axes.set_yticks(range(len(shown)), [short(layer.name) for layer in shown])
        axes.set_xlabel(f"energy per sample at nominal prices ({unit})")
        if shown:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
    return drawn.svg
