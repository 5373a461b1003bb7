"""Curves as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter

from benchmarks.curve import Curve

COLOURS = ("#0b6e8f", "#d1495b", "#edae49", "#66a182")
DPI = 110
FEW = 6
"""Points that each get a tick of their own."""


def scaling(
    samples: Sequence[Curve], steps: Sequence[Curve], neurons: Sequence[Curve], path: Path
) -> None:
    """Time above memory, over samples, steps and neurons."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 6.2), sharex="col", layout="constrained")
    columns = ((samples, "samples"), (steps, "steps T"), (neurons, "neurons"))
    for i, (curves, label) in enumerate(columns):
        time, memory = axes[0][i], axes[1][i]
        for colour, curve in zip(COLOURS, curves):
            time.loglog(curve.x, curve.seconds, "o-", color=colour, label=curve.label, ms=4)
            memory.loglog(curve.x, curve.megabytes, "o-", color=colour, ms=4)
        _proportional(time, curves[-1].x, curves[-1].seconds)
        time.legend(fontsize=8, loc="upper left")
        time.set_ylim(top=4 * time.get_ylim()[1])
        time.set_ylabel("seconds of one run")
        memory.set_ylabel("MB added at the peak")
        memory.set_xlabel(label)
        if len(curves[0].x) < FEW:
            memory.set_xticks(curves[0].x, [f"{x:g}" for x in curves[0].x], minor=False)
            memory.xaxis.set_minor_formatter(NullFormatter())
        memory.yaxis.set_minor_formatter(NullFormatter())
    _finish(figure, axes.flat, path)


def rates(curves: Sequence[Curve], path: Path) -> None:
    """Time over the firing rate of the input."""
    figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for colour, curve in zip(COLOURS, curves):
        percent = [100 * rate for rate in curve.x]
        axis.loglog(percent, curve.seconds, "o-", color=colour, label=curve.label, ms=4)
    axis.set_xlabel("inputs that fire in a step, %")
    axis.set_ylabel("seconds of one run")
    axis.legend(fontsize=8)
    _finish(figure, [axis], path)


def _proportional(axis: Any, x: Sequence[float], y: Sequence[float]) -> None:
    """A dotted line of slope 1 through the last point."""
    line = [y[-1] * value / x[-1] for value in x]
    axis.loglog(x, line, ":", color="#999999", lw=1, label="proportional")


def _finish(figure: Any, axes: Any, path: Path) -> None:
    for axis in axes:
        axis.grid(True, which="major", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
