"""What the plots of a page share: colours of meanings, and how a figure becomes an <svg> of a page.

Text and axes take the page's colour (currentColor) and font; series colours are readable on both a
light and a dark page.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.energy.terms import GROUPS
from snnvae.plain_text import one_line
from snnvae.plotting import BLUE, COLOURS, GREY, RED, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUP_COLOUR = dict(zip(GROUPS, COLOURS, strict=True))
SPIKING, ARTIFICIAL, MARK = BLUE, GREY, RED
OTHER_SCOPE = f"{GREY}60"
INK = "#010203"
"""Drawn in this colour, then replaced by currentColor."""
WIDTH = 8.4
"""Inches."""

_STYLE: dict[str, Any] = {
    **STYLE,
    "svg.fonttype": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


class Drawing:
    """A figure while it is drawn, and its <svg> element afterwards."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.svg = ""

    def axes(self, *place: Any, **more: Any) -> Axes:
        """An area to draw in, see-through."""
        axes = self.figure.add_subplot(*place, **more)
        axes.patch.set_visible(False)
        return axes

    def bars(self) -> Axes:
        """An area for horizontal bars: no line at the left of the names, first row on top."""
        axes = self.axes()
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", left=False)
        axes.invert_yaxis()
        return axes


@contextmanager
def drawing(height: float, salt: str) -> Iterator[Drawing]:
    """A figure of `height` inches; no pyplot, so no global state and no window."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {**_STYLE, "svg.hashsalt": salt}
    with mpl.rc_context(style), warnings.catch_warnings():
        # A name in a script that the measuring font lacks; the reader's browser has its own fonts.
        warnings.filterwarnings("ignore", message="Glyph")
        drawn = Drawing(Figure(figsize=(WIDTH, height), layout="constrained"))
        FigureCanvasSVG(drawn.figure)
        yield drawn
        drawn.svg = _inline(drawn.figure)


def label(axes: Axes, x: float, y: float, text: str) -> None:
    """A text a little to the right of (x, y)."""
    axes.annotate(text, (x, y), (6, 0), textcoords="offset points", va="center")


def short(name: str, width: int = 28) -> str:
    """A name that fits beside a bar."""
    return one_line(name, width)


def reach(interval: Interval) -> list[list[float]]:
    """Error bars from the nominal value, for matplotlib."""
    return [[interval.nominal - interval.low], [interval.high - interval.nominal]]


def energy_axis(axis: Any) -> None:
    """Ticks as energies."""
    axis.set_major_formatter(lambda value, _: units.energy(value))


def _inline(figure: Figure) -> str:
    """The <svg> element alone: no XML header, no metadata, the page's colour and font."""
    buffer = StringIO()
    empty = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=empty)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = text.replace(INK, "currentColor").replace("'DejaVu Sans'", "system-ui, sans-serif")
    return text.replace("<svg ", '<svg aria-hidden="true" ', 1)
