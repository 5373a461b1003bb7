"""A front as a picture: error against energy, and where spiking would break even."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnvae.evaluate.front.result import COMPUTE, IDEAL, NONE, PROFILES, Front
from snnvae.plotting import COLOURS, INK, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NANOJOULE = 1e-3
"""From pJ."""


def save_plot(front: Front, path: Path) -> None:
    """Three panels: arithmetic alone, memory included, break-even."""
    with png(path, 13, 4.4, dpi=120) as figure:
        left, middle, right = figure.subplots(1, 3)
        _front(left, front, PROFILES[0], (COMPUTE,))
        left.set_title("Arithmetic alone")
        _front(middle, front, PROFILES[1], (IDEAL, NONE))
        middle.set_title("Memory included")
        _break_even(right, front)
        figure.suptitle(
            f"{front.model.upper()} on {front.dataset}: reconstruction in fixed point against "
            "energy (estimates, 45 nm)"
        )


def _colours(front: Front) -> dict[int, str]:
    steps = sorted({p.steps for p in front.points})
    return {t: COLOURS[i % len(COLOURS)] for i, t in enumerate(steps)}


def _front(axes: Axes, front: Front, profile: str, reuses: tuple[str, ...]) -> None:
    for steps, colour in _colours(front).items():
        own = sorted(
            (p.energy(profile).nominal * NANOJOULE, p.mse) for p in front.points if p.steps == steps
        )
        axes.plot(*zip(*own), "o-", color=colour, label=f"T = {steps}", lw=1.2)
    for reuse, line in zip(reuses, ("s--", "D:")):
        if not front.anns:
            continue
        own = sorted((a.energy(profile, reuse).nominal * NANOJOULE, a.mse) for a in front.anns)
        axes.plot(
            *zip(*own), line, color=INK, mfc="white", label=f"ANN int8, {reuse}", lw=1.2, ms=5
        )
    axes.set(xscale="log", xlabel="energy per image (nJ)", ylabel="reconstruction MSE")
    _finish(axes)


def _break_even(axes: Axes, front: Front) -> None:
    """Energy over that of the same topology's ANN, as spikes per synapse grow, for each T."""
    profile = PROFILES[1]
    if not front.anns:
        axes.set_axis_off()
        return
    ann = front.anns[0].energy(profile, IDEAL).nominal
    most = 1.15 * max(p.operations / p.synapses for p in front.points)
    # The lines are straight, but not where the axis is logarithmic.
    places = [most * i / 100 for i in range(101)]
    for steps, colour in _colours(front).items():
        own = [p for p in front.points if p.steps == steps]
        still = own[0].still[profile] / ann
        slopes = [
            (p.energy(profile).nominal / ann - still) / (p.operations / p.synapses) for p in own
        ]
        slope = sum(slopes) / len(slopes)
        axes.plot(places, [still + slope * x for x in places], color=colour, lw=1)
        axes.plot(
            [p.operations / p.synapses for p in own],
            [p.energy(profile).nominal / ann for p in own],
            "o",
            color=colour,
            label=f"T = {steps}",
        )
    axes.axhline(1, color=INK, ls="--", lw=1.2, label="ANN int8, ideal reuse")
    without = front.anns[0].energy(profile, NONE).nominal / ann
    axes.axhline(without, color=INK, ls=":", lw=1.2, label="ANN int8, no reuse")
    axes.set(
        yscale="log",
        xlim=(0, most),
        xlabel="spikes per synapse and image",
        ylabel="energy / energy of the ANN",
    )
    axes.set_title("Break-even, memory included")
    _finish(axes)


def _finish(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            low, high = axis.get_view_interval()
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, which="both", color="#e5e5e5", lw=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8)
