"""The traces of a sample as a picture of a page: float and fixed point, a row for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnvae.energy.report.plots.style import INK, drawing, short
from snnvae.evaluate.task.traces import NeuronTrace, SampleTrace
from snnvae.plotting import BLUE, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"float": BLUE, "fixed": RED}
MOST_STEPS = 400
"""Steps of a picture: beyond it, those around the first difference."""


def traces(found: SampleTrace) -> str:
    """An <svg>: the membrane after each step of a neuron of each layer, spikes above, a line where
    the layer first differs."""
    steps = len(found.layers[0].membranes[0])
    middle = 0 if found.first is None else found.first.step
    start = max(0, min(middle - MOST_STEPS // 2, steps - MOST_STEPS))
    shown = np.arange(start, min(start + MOST_STEPS, steps))
    with drawing(0.5 + 1.25 * len(found.layers), f"sample {found.sample}") as drawn:
        grid = drawn.figure.add_gridspec(len(found.layers), 1)
        axes: list[Axes] = []
        for n, layer in enumerate(found.layers):
            axes.append(drawn.axes(grid[n, 0], **({"sharex": axes[0]} if axes else {})))
            _layer(axes[-1], layer, shown)
            axes[-1].tick_params(axis="x", labelbottom=n == len(found.layers) - 1)
        axes[-1].set_xlabel("step")
        axes[0].legend(loc="lower left", bbox_to_anchor=(0.75, 1.0), ncols=2)
    return drawn.svg


def _layer(axes: Axes, layer: NeuronTrace, steps: np.ndarray) -> None:
    """One neuron: its membranes, its threshold, its spikes as marks above all of them."""
    axes.set_title(f"{short(layer.layer, 40)}, neuron {layer.neuron}", fontsize=9)
    values = np.concatenate([membrane[steps] for membrane in layer.membranes])
    if layer.threshold is not None and np.isfinite(layer.threshold):
        axes.axhline(layer.threshold, color=INK, lw=0.6, ls=":")
        values = np.append(values, layer.threshold)
    low, high = float(values.min()), float(values.max())
    height = (high - low) or 1.0
    for row, (name, colour) in enumerate(COLOURS.items()):
        style = "-" if name == "float" else "--"
        axes.plot(steps, layer.membranes[row][steps], style, color=colour, lw=1.3, label=name)
        if layer.spikes is not None:
            fired = steps[layer.spikes[row][steps]]
            place = np.full(len(fired), high + (0.34 - 0.16 * row) * height)
            axes.plot(fired, place, "|", color=colour, ms=6, mew=1.4)
    if layer.step is not None and layer.step in steps:
        axes.axvline(layer.step, color=INK, lw=0.8, alpha=0.5)
    top = high + (0.45 if layer.spikes is not None else 0.08) * height
    axes.set_ylim(low - 0.08 * height, top)
