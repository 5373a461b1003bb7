"""The report's plots as SVG text, for a light or a dark page.

Text and axes take the page's colour (currentColor) and font; series colours are readable on both.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from snnvae.hardware_sim.energy import units
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.terms import GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from snnvae.hardware_sim.energy.result import EnergyReport

# Paul Tol's "bright" scheme: apart for colour-blind eyes, and on white as on black.
_COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#999999")
_GROUP_COLOUR = dict(zip(GROUPS, _COLOURS, strict=True))
_INK = "#010203"
"""Drawn in this colour, then replaced by currentColor."""

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # node names are text, whatever dollar signs they hold
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "ytick.left": False,
    "legend.frameon": False,
}


def totals(report: EnergyReport) -> str:
    """Spiking network and ANNs, logarithmic, with their bands."""
    bars = [("Spiking network", report.total, _COLOURS[0])]
    bars += [(ann.name, ann.total, _COLOURS[6]) for ann in report.ann]
    bars = [bar for bar in bars if bar[1].low > 0]

    def draw(axes: Axes) -> None:
        for y, (_, total, colour) in enumerate(bars):
            axes.barh(y, total.nominal, color=colour, height=0.6)
            reach = [[total.nominal - total.low], [total.high - total.nominal]]
            axes.errorbar(total.nominal, y, xerr=reach, color=_INK, capsize=4, lw=1.2)
            _label(axes, total.high, y, total)
        axes.set_xscale("log")
        if bars:
            highest = max(b[1].high for b in bars)
            axes.set_xlim(min(b[1].low for b in bars) / 3, highest * 4)
        axes.xaxis.set_major_formatter(lambda value, _: units.energy(value))
        axes.set_yticks(range(len(bars)), [bar[0] for bar in bars])
        axes.set_xlabel("energy per sample, logarithmic; bar: nominal, line: low to high")

    return _svg(draw, rows=len(bars), salt="totals")


def layers(report: EnergyReport) -> str:
    """Energy of each layer at nominal prices, stacked by group of terms."""
    shown = [layer for layer in report.layers if layer.total.nominal > 0]
    unit, size = units.unit_for(max((layer.total.nominal for layer in shown), default=1.0))

    def draw(axes: Axes) -> None:
        left = [0.0] * len(shown)
        for group, terms in GROUPS.items():
            width = [
                sum(layer.terms.get(t, Interval()).nominal for t in terms) / size for layer in shown
            ]
            if any(width):
                colour = _GROUP_COLOUR[group]
                axes.barh(
                    range(len(shown)), width, left=left, color=colour, label=group, height=0.7
                )
                left = [a + b for a, b in zip(left, width, strict=True)]
        for y, layer in enumerate(shown):
            _label(axes, left[y], y, layer.total)
        axes.set_xlim(0, max(left, default=1.0) * 1.15 or 1.0)
        axes.set_yticks(range(len(shown)), [_short(layer.name) for layer in shown])
        axes.set_xlabel(f"energy per sample at nominal prices ({unit})")
        if shown:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)

    return _svg(draw, rows=len(shown) + 1, salt="layers")


def _label(axes: Axes, x: float, y: int, total: Interval) -> None:
    """The nominal energy, a little to the right of (x, y)."""
    text = units.energy(total.nominal)
    axes.annotate(text, (x, y), (6, 0), textcoords="offset points", va="center")


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= 28 else f"{name[:13]}…{name[-13:]}"


def _svg(draw: Any, rows: int, salt: str) -> str:
    """Draw horizontal bars, first row on top; no pyplot, so no global state and no window."""
    import warnings

    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {**_STYLE, "svg.hashsalt": salt}
    with mpl.rc_context(style), warnings.catch_warnings():
        # A name in a script that the measuring font lacks; the reader's browser has its own fonts.
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=(8.4, 1.1 + 0.36 * rows), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        draw(axes)
        axes.set_ylim(axes.get_ylim()[::-1])
        return _inline(figure)


def _inline(figure: Figure) -> str:
    """The <svg> element alone: no XML header, no metadata, the page's colour and font."""
    buffer = StringIO()
    empty = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=empty)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = text.replace(_INK, "currentColor").replace("'DejaVu Sans'", "system-ui, sans-serif")
    return text.replace("<svg ", '<svg aria-hidden="true" ', 1)
