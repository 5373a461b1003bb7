"""A sweep over T: energy of the spiking network and its ANNs against the number of steps."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.hardware_sim.energy.report.plots.style import (
    ARTIFICIAL,
    INK,
    SPIKING,
    drawing,
    energy_axis,
)
from snnvae.hardware_sim.energy.result import EnergyReport


def steps(reports: Sequence[EnergyReport]) -> str:
    """One point a report, which differ in T."""
    at = [report.counts.steps for report in reports]
    with drawing(4.0, "steps") as drawn:
        axes = drawn.axes()
        low, middle, high = (
            [getattr(r.total, end) for r in reports] for end in ("low", "nominal", "high")
        )
        axes.fill_between(at, low, high, color=SPIKING, alpha=0.2, lw=0)
        axes.plot(
            at, middle, "D-", color=SPIKING, lw=2, label="spiking network, band of the prices"
        )
        compared = {c.ann.arithmetic: c for c in reports[0].comparisons}
        styles = dict(zip(compared, ("-", "--", "-.", ":")))
        for arithmetic, style in styles.items():
            levels = [
                (report.counts.steps, c.ann)
                for report in reports
                for c in report.comparisons
                if c.ann.arithmetic == arithmetic and c.ann.reuse == compared[arithmetic].ann.reuse
            ]
            if len(levels) == len(reports):
                energies = [ann.total.nominal for _, ann in levels]
                name = levels[0][1].name
                axes.plot(at, energies, color=ARTIFICIAL, lw=1.2, ls=style, label=name)
        axes.set_yscale("log")
        axes.set_xscale("log", base=2)
        axes.set_xticks(at, [str(t) for t in at])
        axes.minorticks_off()
        energy_axis(axes.yaxis)
        axes.set_xlabel("steps per sample, T")
        axes.set_ylabel("energy per sample, logarithmic", color=INK)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    return drawn.svg
