"""A sweep over T: energy of the spiking network and its ANNs against the number of steps."""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.energy.report.plots.style import (
    ARTIFICIAL,
    INK,
    SPIKING,
    drawing,
    energy_axis,
)
from snnvae.energy.result import EnergyReport


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
        for style, (name, points) in zip(("-", "--", "-.", ":"), _levels(reports).items()):
            steps_of, energies = zip(*points)
            axes.plot(steps_of, energies, color=ARTIFICIAL, lw=1.2, ls=style, label=name)
        axes.set_yscale("log")
        axes.set_xscale("log", base=2)
        axes.set_xticks(at, [str(t) for t in at])
        axes.minorticks_off()
        energy_axis(axes.yaxis)
        axes.set_xlabel("steps per sample, T")
        axes.set_ylabel("energy per sample, logarithmic", color=INK)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    return drawn.svg


def _levels(reports: Sequence[EnergyReport]) -> dict[str, list[tuple[int, float]]]:
    """(T, energy) of each ANN, at the first reuse that is compared; one line for n-bit ones."""
    found: dict[str, list[tuple[int, float]]] = {}
    for report in reports:
        reuse = report.comparisons[0].ann.reuse if report.comparisons else ""
        for c in report.comparisons:
            if c.ann.reuse == reuse:
                narrow = c.ann.arithmetic.endswith("-bit")
                name = f"ANN of ⌈log2(T+1)⌉ bits, {reuse}" if narrow else c.ann.name
                found.setdefault(name, []).append((report.counts.steps, c.ann.total.nominal))
    return found
