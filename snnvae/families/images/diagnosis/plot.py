"""The diagnosis as a picture: what each class loses to whom, and which classes the prior draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnvae.families.images.diagnosis.result import Diagnosis, Loss
from snnvae.plotting import BLUE, INK, PALE, PURPLE, RED, YELLOW, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CAUSES = {"decoder": BLUE, "draws": YELLOW, "encoder": RED}
LEGEND = {
    "decoder": "decoder, at most",
    "draws": "draws of spikes",
    "encoder": "encoder",
}


def plot(found: Diagnosis, path: Path) -> None:
    """Writes a PNG, aside first."""
    with png(path, 11.0 if found.classes else 4.5, 4.2) as figure:
        figure.suptitle(
            f"{found.model.upper()} of {found.dataset}: loss {found.loss.total:.4f} on "
            f"{found.loss.images} held-out images",
            x=0.01, ha="left", weight="bold",
        )  # fmt: skip
        if found.classes:
            left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
            _prior(found, right)
        else:
            left = figure.subplots()
        _losses(found, left)


def _losses(found: Diagnosis, axes: Axes) -> None:
    """Stacked bars: all images, then each class."""
    bars: list[tuple[str, Loss]] = [("all", found.loss)]
    bars += [(str(c.label), c.loss) for c in found.classes]
    at = np.arange(len(bars), dtype=float)
    at[1:] += 0.4
    bottom = np.zeros(len(bars))
    for name, colour in CAUSES.items():
        heights = np.array([max(0.0, loss.parts[name].loss) for _, loss in bars])
        axes.bar(at, heights, 0.8, bottom, color=colour, label=LEGEND[name])
        for x, y, height, (_, loss) in zip(at, bottom, heights, bars):
            axes.annotate(
                f"{loss.parts[name].share:.0%}", (x, y + height / 2), ha="center", va="center",
                fontsize=8, color="white" if name != "draws" else INK,
            )  # fmt: skip
        bottom += heights
    axes.axhline(found.loss.total, color=INK, lw=0.8, ls=":", zorder=0)
    axes.set_xticks(at, [name for name, _ in bars])
    axes.set_xlim(at[0] - 0.6, at[-1] + 0.6)
    axes.set_ylim(0, 1.18 * bottom.max())
    axes.set_title("What the loss is due to")
    axes.set_ylabel("mean squared error per pixel")
    axes.set_xlabel("class" if found.classes else "")
    axes.legend(loc="upper left", ncols=3, reverse=True, borderaxespad=0, columnspacing=1.2)


def _prior(found: Diagnosis, axes: Axes) -> None:
    """Pairs of bars: a class's share in the data and in the prior's draws."""
    from matplotlib.ticker import MaxNLocator

    at = np.arange(len(found.classes))
    data, drawn = (
        [100 * value for value in values]
        for values in zip(*((c.data_share, c.prior_share) for c in found.classes))
    )
    axes.bar(at - 0.2, data, 0.4, color=PALE, label="in the data")
    axes.bar(at + 0.2, drawn, 0.4, color=PURPLE, label="in the prior's draws")
    axes.set_xticks(at, [str(c.label) for c in found.classes])
    axes.set_ylim(0, 1.18 * max(*data, *drawn))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    axes.set_xlabel("class")
    fit = found.prior
    axes.set_title(f"Which classes the prior draws (told apart: AUC {fit.auc:.2f})")
    axes.legend(loc="upper left", ncols=2, borderaxespad=0)
